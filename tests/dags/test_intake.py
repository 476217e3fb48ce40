"""The intakes: an asset a queue, one run a batch, started with values that nobody renders."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from include.domain.errors import QueueUnavailable
from include.pipeline.queues.admit_message import RunRequest

INTAKES = {"express_intake": "express", "bulk_intake": "bulk"}
TARGETS = {"express_intake": "express_inference", "bulk_intake": "document_inference"}


@pytest.mark.parametrize("dag_id", INTAKES)
def test_it_is_started_by_events_of_its_queue(dag_bag, dag_id):
    (asset,) = dag_bag.dags[dag_id].timetable.asset_condition.objects

    (watcher,) = asset.watchers
    assert asset.name == f"twolane-{INTAKES[dag_id]}-queue"
    assert watcher.trigger.serialize() == (
        "twolane_airflow.triggers.queue.QueueTrigger",
        {"lane_class": INTAKES[dag_id]},
    )


@pytest.mark.parametrize("dag_id", INTAKES)
def test_tasks_and_edges(dag_bag, dag_id):
    from twolane_airflow.operators.start_run import StartRun
    from twolane_airflow.triggers import queue

    dag = dag_bag.dags[dag_id]
    start = dag.get_task("start")

    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "read_events": {"start"},
        "start": set(),
    }
    assert start.operator_class is StartRun
    assert start.partial_kwargs["trigger_dag_id"] == TARGETS[dag_id]
    assert queue.STARTS[INTAKES[dag_id]] == TARGETS[dag_id]
    assert start.partial_kwargs["skip_when_already_exists"] is True
    assert StartRun.template_fields == ()


def test_small_batches_are_taken_in_first(dag_bag):
    def weight(dag_id: str) -> int:
        return dag_bag.dags[dag_id].get_task("read_events").priority_weight

    assert weight("express_intake") > weight("bulk_intake")


@dataclass
class FakeTaskInstance:
    """Counts runs as Airflow does: `runs` holds the state of each, by DAG and run."""

    runs: dict[tuple[str, str], str] = field(default_factory=dict)

    def get_dr_count(self, dag_id: str, run_ids: list[str], states: list[str] | None = None) -> int:
        found = (self.runs.get((dag_id, run_id)) for run_id in run_ids)
        return sum(each is not None and (states is None or each in states) for each in found)


def events(*runs: dict[str, Any]) -> dict[str, list[Any]]:
    extra = {"from_trigger": True, "payload": {"runs": list(runs)}}
    return {"asset": [SimpleNamespace(extra=extra)]}


def wanted(run_id: str, *, is_again: bool = False) -> dict[str, Any]:
    return {"run_id": run_id, "conf": {"batch_uri": run_id}, "is_again": is_again}


@pytest.fixture
def failures(monkeypatch):
    """What is recorded about runs: (run id, is final)."""
    from include.wiring.batches import bootstrap

    found: list[tuple[str, bool]] = []

    def record(run_id: str, reason: str, *, is_final: bool) -> bool:
        assert run_id in reason
        found.append((run_id, is_final))
        return True

    product = SimpleNamespace(record_run_failure=record)
    monkeypatch.setattr(bootstrap, "twolane", lambda: product)
    return found


def test_each_run_is_started_once_whatever_the_number_of_events(failures):
    from twolane_airflow.intake import read_events

    several = events(wanted("a"), wanted("b"))
    several["asset"] += events(wanted("a"))["asset"]

    assert read_events("document_inference", several, FakeTaskInstance()) == [
        {"trigger_run_id": "a", "conf": {"batch_uri": "a"}},
        {"trigger_run_id": "b", "conf": {"batch_uri": "b"}},
    ]


@pytest.mark.parametrize(
    ("runs", "is_started", "is_written_off"),
    [
        ({}, True, False),
        ({("express_inference", "a"): "queued"}, False, False),
        ({("express_inference", "a"): "running"}, False, False),
        ({("express_inference", "a"): "failed"}, False, True),
        ({("express_inference", "a"): "success"}, False, True),
        (
            {("express_inference", "a"): "success", ("document_inference", "a"): "running"},
            False,
            False,
        ),
        (
            {("express_inference", "a"): "success", ("document_inference", "a"): "failed"},
            False,
            True,
        ),
    ],
)
def test_a_run_granted_before_is_adopted_or_written_off(failures, runs, is_started, is_written_off):
    from twolane_airflow.intake import read_events

    again = events(wanted("a", is_again=True))

    found = read_events("express_inference", again, FakeTaskInstance(runs))

    assert bool(found) is is_started
    assert failures == ([("a", False)] if is_written_off else [])


class FakeKeeper:
    """Answers each step with the next of its answers; an exception is raised."""

    pause_s = 0.0

    def __init__(self, *answers: list[RunRequest] | Exception) -> None:
        self.answers = list(answers)
        self.is_released = False

    def step(self) -> list[RunRequest]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def release(self) -> None:
        self.is_released = True


@pytest.fixture
def keep(monkeypatch):
    """Run a trigger over a keeper's answers; return its first events."""
    from include.wiring.batches import bootstrap
    from twolane_airflow.triggers import queue

    monkeypatch.setattr(queue, "PAUSE_AFTER_ERROR_S", 0.0)
    monkeypatch.setattr(queue, "PAUSE_AFTER_EVENT_S", 0.0)

    def run(keeper: FakeKeeper, count: int) -> list[Any]:
        product = SimpleNamespace(queue_keeper=lambda lane_class, started: keeper)
        monkeypatch.setattr(bootstrap, "twolane", lambda: product)
        trigger = queue.QueueTrigger("express")

        async def first_events() -> list[Any]:
            found = []
            stream = trigger.run()
            async for event in stream:
                found.append(event.payload)
                if len(found) == count:
                    break
            await stream.aclose()
            await trigger.cleanup()
            return found

        return asyncio.run(first_events())

    return run


def test_the_trigger_tells_what_the_keeper_admits_and_puts_back_what_it_holds(keep):
    runs = [RunRequest(name, {"batch_uri": name}, is_again=False) for name in ("a", "b")]
    keeper = FakeKeeper([], [runs[0]], [], [runs[1]])

    found = keep(keeper, 2)

    assert found == [{"runs": [wanted("a")]}, {"runs": [wanted("b")]}]
    assert keeper.is_released


def test_the_trigger_outlives_a_queue_that_does_not_answer(keep):
    run = RunRequest("a", {"batch_uri": "a"}, is_again=False)

    assert keep(FakeKeeper(QueueUnavailable("queue: timeout"), [run]), 1) == [
        {"runs": [wanted("a")]}
    ]
