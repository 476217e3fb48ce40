"""Two messages shortly after one another: both run, once, though Airflow passes over an event."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from include.domain.accounts import Tier
from include.domain.queues.lane_class import LaneClass
from include.domain.queues.patience import QueuePatience
from include.pipeline.queues.admit_message import AdmissionPorts, Gate
from include.pipeline.queues.keep_queue import QueueKeeper
from include.pipeline.queues.settle_message import Queues
from tests.support.fakes import FakeAccountDirectory, FakeObjectStore
from tests.support.fakes.queues import FakeQueue, FakeQueueLedger

ACCOUNT = "trial-lumen"


def accessor(*payloads: dict[str, Any]) -> Any:
    """What a task gets of the events its run consumed, as Airflow makes it."""
    from airflow.sdk.execution_time.context import TriggeringAssetEventsAccessor

    asset = SimpleNamespace(name="twolane-express-queue", uri="twolane-express-queue")
    return TriggeringAssetEventsAccessor.build(
        SimpleNamespace(asset=asset, source_aliases=[], extra={"payload": each})
        for each in payloads
    )


@dataclass
class Airflow:
    """Starts an intake for the first event and every later one but the second.

    So it goes where the second comes before the scheduler has seen the first: it is consumed by
    the run of the next event, if there is one.
    """

    intakes: list[list[str]] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    passed_over: list[dict[str, Any]] = field(default_factory=list)
    events: int = 0

    def started(self, run_ids: Any) -> set[str]:
        return set(run_ids) & set(self.runs)

    def hear(self, payload: dict[str, Any]) -> None:
        from twolane_airflow.intake import read_events

        self.events += 1
        if self.events == 2:
            self.passed_over.append(payload)
            return
        consumed = accessor(*self.passed_over, payload)
        self.passed_over.clear()
        wanted = read_events("express_inference", consumed)
        self.intakes.append([each["trigger_run_id"] for each in wanted])
        for run_id in self.intakes[-1]:
            assert run_id not in self.runs
            self.runs.append(run_id)


class Queue:
    """The express queue with its keeper and its trigger; a sleep of the trigger is a second."""

    def __init__(self, airflow: Airflow) -> None:
        self.inbox = FakeQueue("twolane-express")
        self.objects = FakeObjectStore()
        ports = AdmissionPorts(self.objects, FakeAccountDirectory(), FakeQueueLedger())
        patience = QueuePatience(max_held=4, caps=dict.fromkeys(Tier, 4))
        deadline_s = dict.fromkeys(Tier, 600.0)
        gate = Gate(LaneClass.EXPRESS, patience, frozenset({"inbox"}), deadline_s, ports)
        queues = Queues(self.inbox, FakeQueue("twolane-express-dead"))
        self.keeper = QueueKeeper(gate, queues, airflow, clock=lambda: self.inbox.now_s)
        self.pauses: list[float] = []
        self.arriving: list[str] = []

    def upload(self, name: str) -> None:
        uri = f"s3://inbox/express/{ACCOUNT}/{name}"
        self.objects.put(uri, b"{}")
        self.inbox.send(json.dumps({"batch_uri": uri, "account": ACCOUNT}))

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.inbox.now_s += 1
        assert self.inbox.now_s < 60, "nothing more is asked for"
        for name in self.arriving:
            self.upload(name)
        self.arriving.clear()


@pytest.fixture
def airflow() -> Airflow:
    return Airflow()


@pytest.fixture
def queue(airflow, monkeypatch):
    from include.wiring.batches import bootstrap
    from twolane_airflow.triggers import queue as module

    made = Queue(airflow)
    product = SimpleNamespace(queue_keeper=lambda lane_class, started: made.keeper)
    monkeypatch.setattr(bootstrap, "twolane", lambda: product)
    monkeypatch.setattr(
        module, "asyncio", SimpleNamespace(to_thread=asyncio.to_thread, sleep=made.sleep)
    )
    return made


def hear_until(airflow: Airflow, runs: int) -> None:
    """Let Airflow hear the trigger until so many runs have started."""
    from twolane_airflow.triggers.queue import QueueTrigger

    async def listen() -> None:
        stream = QueueTrigger("express").run()
        async for event in stream:
            airflow.hear(event.payload)
            if len(airflow.runs) == runs:
                break
        await stream.aclose()

    asyncio.run(listen())


def test_an_event_that_is_passed_over_is_made_good_in_seconds(queue, airflow):
    queue.upload("a.jsonl")
    queue.arriving.append("b.jsonl")

    hear_until(airflow, 2)

    assert [len(runs) for runs in airflow.intakes] == [1, 1]
    assert len(set(airflow.runs)) == 2
    assert queue.inbox.now_s < 10


def test_messages_wait_together_while_the_scheduler_sees_an_event(queue, airflow):
    from twolane_airflow.triggers.queue import PAUSE_AFTER_EVENT_S

    queue.upload("a.jsonl")
    queue.arriving += ["b.jsonl", "c.jsonl"]

    hear_until(airflow, 3)

    assert queue.pauses[0] == PAUSE_AFTER_EVENT_S
    assert [len(runs) for runs in airflow.intakes] == [1, 2]


def test_an_intake_reads_every_event_it_was_started_by():
    from twolane_airflow.intake import read_events

    def run(run_id: str) -> dict[str, Any]:
        return {"run_id": run_id, "conf": {"batch_uri": run_id}, "is_again": False}

    consumed = accessor({"runs": [run("a")]}, {"runs": [run("b"), run("c")]}, {"runs": [run("a")]})

    found = read_events("document_inference", consumed)

    assert [each["trigger_run_id"] for each in found] == ["a", "b", "c"]
