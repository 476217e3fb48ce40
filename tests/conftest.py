"""What every suite shares: unit tests get no socket."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, enable_socket

# Examples are bounded by their number: a machine's load must not fail a property.
settings.register_profile("twolane", deadline=None)
settings.load_profile("twolane")

TESTS = Path(__file__).parent
UNIT = TESTS / "unit"
ONE_STACK = "e2e"
"""Folder whose files share one running stack."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep on one worker, where there are several, what shares its servers: a file, or a folder."""
    for item in items:
        path = item.path.relative_to(TESTS)
        group = ONE_STACK if path.parts[0] == ONE_STACK else str(path)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(autouse=True)
def _no_sockets_in_unit_tests(request: pytest.FixtureRequest):
    if UNIT in request.path.parents:
        disable_socket(allow_unix_socket=True)
        yield
        enable_socket()
    else:
        yield
