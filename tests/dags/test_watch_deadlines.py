"""The watch over deadlines: its sensors, its trigger, and Airflow's own deadline alerts."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import itertools
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from include.domain.errors import StoreError
from include.domain.sla.events import SlaEvent, SlaKind
from include.domain.sla.stages import Stage

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EVENT = SlaEvent("b-1", SlaKind.RISK, Stage.LANE, NOW, "slow")


class Product:
    """The watch's composition, as far as sensors and trigger know it."""

    settings = SimpleNamespace(sla_look_s=0.001)

    def __init__(self):
        self.looks = []
        self.problems = []
        self.late = []

    def aws_in_use(self):
        return SimpleNamespace(region="eu-central-1", endpoint_urls=(("s3", "http://s3"),))

    def foresee_misses(self):
        return self._look("risks", [EVENT])

    def report_misses(self):
        return self._look("misses", [])

    def report_late_run(self, dag_id, run_id, due_at):
        self.late.append((dag_id, run_id, due_at))
        return True

    def _look(self, what, events):
        self.looks.append(what)
        if self.problems:
            raise self.problems.pop()
        return events


@pytest.fixture
def product(monkeypatch):
    found = Product()
    monkeypatch.setattr("include.wiring.watch.watch", lambda: found)
    monkeypatch.setattr("include.wiring.watch.watch_at", lambda region, urls: found)
    seconds = itertools.count()  # of the trigger's clock, one each time that it is read
    clock = SimpleNamespace(monotonic=lambda: next(seconds))
    monkeypatch.setattr("twolane_airflow.triggers.deadlines.time", clock)
    return found


def deferred(sensor):
    """The trigger that a sensor defers to, made anew as the triggerer does."""
    from airflow.sdk.exceptions import TaskDeferred

    with pytest.raises(TaskDeferred) as caught:
        sensor.execute({})
    path, arguments = caught.value.trigger.serialize()
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)(**arguments)


def fired(trigger):
    async def run():
        return [event.payload async for event in trigger.run()]

    return asyncio.run(run())


def sensors(**arguments):
    from twolane_airflow.sensors.deadlines import SlaMissSensor, SlaRiskSensor

    return [kind(task_id="watch", **arguments) for kind in (SlaRiskSensor, SlaMissSensor)]


def test_each_sensor_has_the_triggerer_look_until_its_time_is_over(product):
    risks, misses = sensors(watch_s=4)

    (seen,) = fired(deferred(risks))
    assert seen == {"status": "ended", "found": 3}
    assert risks.execute_complete({}, seen) == seen["found"]
    (unseen,) = fired(deferred(misses))
    assert unseen == {"status": "ended", "found": 0}
    assert product.looks == ["risks"] * 3 + ["misses"] * 3


def test_a_store_that_is_away_for_a_while_is_outlived(product):
    product.problems = [StoreError("restarting")] * 3

    (event,) = fired(deferred(sensors(watch_s=6)[0]))

    assert event == {"status": "ended", "found": 2}


def test_a_store_that_stays_away_fails_the_sensor(product):
    product.problems = [StoreError("gone")] * 1000
    sensor = sensors(watch_s=60.0)[0]

    (event,) = fired(deferred(sensor))

    with pytest.raises(StoreError, match="gone"):
        sensor.execute_complete({}, event)


def test_what_nobody_expected_fails_the_sensor_at_once(product):
    product.problems = [KeyError("tier")]
    sensor = sensors(watch_s=60.0)[0]

    with pytest.raises(StoreError, match="KeyError"):
        sensor.execute_complete({}, *fired(deferred(sensor)))
    with pytest.raises(StoreError, match="nothing known"):
        sensor.execute_complete({}, None)


def test_every_dag_has_a_deadline(dag_bag):
    for dag_id, dag in dag_bag.dags.items():
        (alert,) = dag.deadline
        longest = timedelta(days=9 if dag_id == "release_model" else 1)
        assert timedelta(minutes=1) < alert.interval < longest, dag_id
        module, _, name = alert.callback.path.rpartition(".")
        callback = getattr(importlib.import_module(module), name)
        assert inspect.iscoroutinefunction(callback)


@pytest.mark.parametrize("due_at", [NOW, NOW.isoformat()])
def test_a_late_run_is_posted(product, due_at):
    from twolane_airflow.deadlines import post_run_late

    context = {
        "dag_run": {"dag_id": "keep_ledger", "dag_run_id": "r-1"},
        "deadline": {"id": "d", "deadline_time": due_at},
    }

    assert asyncio.run(post_run_late(context=context))
    assert product.late == [("keep_ledger", "r-1", NOW)]
