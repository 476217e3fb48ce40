"""What every suite shares: unit tests get no socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, enable_socket
from xdist.scheduler import LoadFileScheduling

# Examples are bounded by their number: a machine's load must not fail a property.
settings.register_profile("twolane", deadline=None)
settings.load_profile("twolane")

UNIT = Path(__file__).parent / "unit"
ONE_STACK = "tests/e2e"
"""Folder whose files share one running stack."""


class OneStackScheduling(LoadFileScheduling):
    """Keeps on one worker what shares its servers: a file, or the folder of one stack."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(f"{ONE_STACK}/"):
            return ONE_STACK
        return str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneStackScheduling | None:
    """Schedule `--dist loadfile` so."""
    is_by_file = config.getvalue("dist") == "loadfile"
    return OneStackScheduling(config, log) if is_by_file else None


@pytest.fixture(autouse=True)
def _no_sockets_in_unit_tests(request: pytest.FixtureRequest):
    if UNIT in request.path.parents:
        disable_socket(allow_unix_socket=True)
        yield
        enable_socket()
    else:
        yield
