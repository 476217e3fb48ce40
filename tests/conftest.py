"""What every suite shares: unit tests get no socket."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, enable_socket

# Examples are bounded by their number: a machine's load must not fail a property.
settings.register_profile("twolane", deadline=None)
settings.load_profile("twolane")

UNIT = Path(__file__).parent / "unit"


@pytest.fixture(autouse=True)
def _no_sockets_in_unit_tests(request: pytest.FixtureRequest):
    if UNIT in request.path.parents:
        disable_socket(allow_unix_socket=True)
        yield
        enable_socket()
    else:
        yield
