"""The wait for an idle GPU: in the triggerer, with an end, and over a service that restarts."""

from __future__ import annotations

import asyncio
import importlib
from types import SimpleNamespace

import pytest

from include.domain.errors import EndpointUnavailable
from tests.support.lane_product import ADDRESS

WAIT = {
    "region": ADDRESS.region,
    "endpoint_urls": dict(ADDRESS.endpoint_urls),
    "interval_s": 0.001,
    "patience_s": 60.0,
}


class Watch:
    """Finds what `looks` says, one a look; an error is raised. `kept` may not be let go."""

    settings = SimpleNamespace(gpu_watch_s=300.0)

    def __init__(self, *looks):
        self.looks = list(looks)

    def look_at_gpus(self):
        look = self.looks.pop(0)
        if isinstance(look, Exception):
            raise look
        idle = [SimpleNamespace(resource=SimpleNamespace(resource_id=name)) for name in look]
        return SimpleNamespace(findings=[], idle=idle)

    def to_free(self, look):
        return [each.resource.resource_id for each in look.idle if "kept" not in str(each)]

    def aws_in_use(self):
        return ADDRESS


@pytest.fixture
def watched(monkeypatch):
    def with_looks(*looks):
        watch = Watch(*looks)
        monkeypatch.setattr("include.wiring.gpus.gpu_watch_at", lambda region, urls: watch)
        monkeypatch.setattr("include.wiring.gpus.gpu_watch", lambda: watch)
        return watch

    return with_looks


def fired(**changes):
    """The payload of the one event that the trigger fires."""
    from twolane_airflow.triggers.idle_gpu import IdleGpuTrigger

    async def run():
        return [event.payload async for event in IdleGpuTrigger(**WAIT | changes).run()]

    [payload] = asyncio.run(run())
    return payload


def sensor(**arguments):
    from twolane_airflow.sensors.idle_gpu import IdleGpuSensor

    return IdleGpuSensor(task_id="wait", **arguments)


def test_it_looks_until_something_is_idle(watched):
    watch = watched([], [], ["twolane-news-v3-async"], ["never"])
    assert fired() == {"status": "found", "idle": ["twolane-news-v3-async"]}
    assert watch.looks == [["never"]]


def test_what_is_idle_and_has_to_be_left_is_nothing_to_resume_for(watched):
    watched(["kept"], ["kept"], ["kept", "e"])
    assert fired() == {"status": "found", "idle": ["e"]}


def test_it_ends_with_nothing_once_it_has_waited_long_enough(watched):
    watched([], [])
    assert fired(patience_s=0.0) == {"status": "found", "idle": []}


def test_a_service_that_restarts_is_outlived(watched):
    watched(*[EndpointUnavailable("busy")] * 5, ["e"])
    assert fired()["idle"] == ["e"]


def test_a_service_that_stays_away_is_told_and_so_is_a_mistake(watched):
    watched(*[EndpointUnavailable("gone")] * 6)
    assert fired() == {"status": "failed", "message": "gone"}
    watched(ValueError("ours"))
    assert fired() == {"status": "failed", "message": "ValueError: ours"}


def test_it_can_be_stored_and_made_again():
    from airflow.serialization.serialized_objects import BaseSerialization

    from twolane_airflow.triggers.idle_gpu import IdleGpuTrigger

    path, arguments = IdleGpuTrigger(**WAIT).serialize()
    stored = BaseSerialization.deserialize(BaseSerialization.serialize(arguments))
    module, _, name = path.rpartition(".")
    again = getattr(importlib.import_module(module), name)(**stored)
    assert again.serialize() == (path, arguments)
    assert arguments == WAIT


def test_the_sensor_defers_before_it_has_looked(watched):
    from airflow.sdk.exceptions import TaskDeferred

    watched()
    with pytest.raises(TaskDeferred) as deferred:
        sensor().execute({})
    assert deferred.value.trigger.interval_s == 300.0
    assert deferred.value.trigger.region == ADDRESS.region
    assert deferred.value.method_name == "execute_complete"


def test_the_sensor_goes_on_by_the_event_alone():
    assert sensor().execute_complete({}, {"status": "found", "idle": ["e"]}) == ["e"]
    with pytest.raises(EndpointUnavailable, match="gone"):
        sensor().execute_complete({}, {"status": "failed", "message": "gone"})
    with pytest.raises(EndpointUnavailable, match="nothing known"):
        sensor().execute_complete({}, None)


def test_a_look_in_its_place_says_whether_something_is_idle(watched):
    watched(["e"], [], ["kept"])
    assert [sensor().poke({}) for _ in range(3)] == [True, False, False]


def test_nothing_is_looked_at_again_where_nothing_was_idle(dag_bag, watched):
    watched()
    free = dag_bag.dags["watch_gpus"].get_task("free_gpus")
    assert free.python_callable([]) == []
