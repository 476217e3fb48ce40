"""Checkpoints: what waits is saved at once, what is large rests, and nothing is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from ministack.services import cloudwatch, cloudwatch_logs, sqs

from local_aws.durable.checkpoints import Checkpoints
from local_aws.durable.metric_eviction import PAUSE_S, seldom
from local_aws.durable.state_files import LIVE_PARTS, _text


class Disk:
    """Notes what is saved; a save of metrics takes a second, another nothing."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.saved: list[str] = []
        self.is_full = False

    def states(self) -> dict[str, Callable[[], Any]]:
        return dict.fromkeys(("metrics", "queues", "topics"), dict)

    def save(self, name: str, state: Any) -> None:
        if self.is_full:
            raise OSError("no space")
        self.saved.append(name)
        self.now_s += 1.0 if name == "metrics" else 0.0

    def checkpoints(self) -> Checkpoints:
        return Checkpoints(self.states, self.save, lambda name: None, clock=lambda: self.now_s)


def test_a_large_state_rests_twenty_times_its_save() -> None:
    disk = Disk()
    checkpoints = disk.checkpoints()
    for _ in range(2):
        checkpoints.note(["metrics"])
        checkpoints.save_now(["queues"])
    assert disk.saved == ["metrics", "queues", "queues"]
    disk.now_s = 20.9
    checkpoints.save_now(["queues"])
    assert disk.saved[3:] == ["queues"]
    disk.now_s = 21.0
    checkpoints.save_now([])
    assert disk.saved[4:] == ["metrics"]
    checkpoints.save_now([])
    assert disk.saved[5:] == []


def test_what_is_waited_for_is_saved_even_when_it_should_rest() -> None:
    disk = Disk()
    checkpoints = disk.checkpoints()
    checkpoints.save_now(["metrics"])
    checkpoints.save_now(["metrics"])
    assert disk.saved == ["metrics", "metrics"]


def test_requests_that_come_together_share_one_save_and_learn_of_a_failure() -> None:
    disk = Disk()

    async def together() -> list[Any]:
        checkpoints = disk.checkpoints()
        saver = asyncio.create_task(checkpoints.run())
        await asyncio.gather(*(checkpoints.commit(["queues"]) for _ in range(3)))
        disk.is_full = True
        failed = await asyncio.gather(checkpoints.commit(["queues"]), return_exceptions=True)
        disk.is_full = False
        await checkpoints.commit(["topics"])
        saver.cancel()
        return failed

    (failure,) = asyncio.run(together())
    assert isinstance(failure, OSError)
    assert disk.saved == ["queues", "queues", "topics"]


def test_eviction_rests() -> None:
    now_s, done = [0.0], []
    evict = seldom(lambda: done.append(now_s[0]), clock=lambda: now_s[0])
    for now_s[0] in (0.0, 1.0, PAUSE_S - 1, PAUSE_S, PAUSE_S + 1):
        evict()
    assert done == [0.0, PAUSE_S]


@pytest.mark.parametrize("module", [sqs, cloudwatch, cloudwatch_logs])
def test_a_state_read_where_it_stands_has_every_part_of_ministacks_own(module: Any) -> None:
    parts = LIVE_PARTS[module.__name__.rpartition(".")[2]]
    live = {part: getattr(module, f"_{part}") for part in parts}
    assert _text(module.get_state()) == _text(live)
