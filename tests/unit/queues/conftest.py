"""What the tests of queues share."""

from __future__ import annotations

import pytest

from tests.support.queue_world import World


@pytest.fixture
def world() -> World:
    return World()
