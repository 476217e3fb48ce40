"""The operator that calibrates: in its slot or behind a deferral; no failed probe fails it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from include.domain.errors import EndpointUnavailable, JobFailed
from include.pipeline.lanes.driver import LaneProgress
from tests.support.lane_product import ADDRESS

REQUEST = {
    "key": "run",
    "lane": "transform",
    "model_name": "news-topic",
    "documents": [10],
    "document_tokens": [32],
    "max_usd": 1.0,
    "max_s": 60.0,
}


class Calibrator:
    """Two probes; what was settled is kept in `failures`."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.is_charged = False

    def next_probe(self):
        return f"c-{len(self.failures)}" if len(self.failures) < 2 else None

    def settle(self, failure: str = ""):
        self.failures.append(failure)
        shape = SimpleNamespace(documents=10, document_tokens=32)
        return SimpleNamespace(
            shape=shape, latency_s=1.0, expected_s=1.0, list_cost_usd=0.0, failure=failure
        )

    def charge(self):
        self.is_charged = True

    def state(self):
        return SimpleNamespace(ended="done")


class Product:
    """Its driver is done at once, unless it is `endless` or fails with `error`."""

    def __init__(self) -> None:
        self.found = Calibrator()
        self.settings = SimpleNamespace(defer_after_s=0.0, deferred_look_s=1.0)
        self.error: Exception | None = None
        self.endless = False
        self.stopped = False

    def calibrator(self, request):
        return self.found

    def probe_driver(self, request, probe_id):
        return self

    def aws_in_use(self):
        return ADDRESS

    def run_serverless_probe(self, probe_id):
        raise EndpointUnavailable("no endpoint")

    def advance(self):
        if self.error:
            raise self.error
        return LaneProgress(not self.endless, "job", "at work", 0.0)

    def stop(self):
        self.stopped = True
        return True


@pytest.fixture
def product(monkeypatch):
    found = Product()
    monkeypatch.setattr("include.wiring.calibration.calibration", lambda: found)
    return found


def operator(**changes):
    from twolane_airflow.operators.calibrate import CalibrateLane

    return CalibrateLane(task_id="probe", request=REQUEST | changes)


def test_it_runs_every_probe_and_hands_its_request_on(product):
    assert operator().execute({}) == REQUEST
    assert product.found.failures == ["", ""]


@pytest.mark.parametrize("lane", ["transform", "serverless"])
def test_a_probe_that_fails_is_settled_and_the_next_one_run(product, lane):
    product.error = JobFailed("out of memory")
    operator(lane=lane).execute({})
    expected = "out of memory" if lane == "transform" else "no endpoint"
    assert product.found.failures == [expected] * 2


def test_a_probe_that_takes_long_is_waited_for_in_the_triggerer_and_gone_on_from(product):
    from airflow.sdk.exceptions import TaskDeferred

    from twolane_airflow.triggers.probe import ProbeTrigger

    product.endless = True
    with pytest.raises(TaskDeferred) as caught:
        operator().execute({})
    path, arguments = caught.value.trigger.serialize()
    assert path == f"{ProbeTrigger.__module__}.ProbeTrigger"
    again = ProbeTrigger(**arguments)
    assert (again.request, again.wait.batch_id) == (REQUEST, "c-0")
    product.endless = False
    event = {"status": "done", "resource": "job"}
    assert operator().execute_complete({}, event) == REQUEST
    assert product.found.failures == ["", ""]


def test_an_event_that_says_nothing_known_is_a_failure(product):
    with pytest.raises(JobFailed, match="nothing known"):
        operator().execute_complete({}, {"status": "maybe"})
    operator().execute_complete({}, {"status": "failed", "message": "too slow"})
    assert product.found.failures[0] == "too slow"


def test_killed_it_stops_its_probe_and_charges_it(product):
    task = operator()
    task.on_kill()
    assert not product.stopped
    task.execute({})
    task.on_kill()
    assert product.stopped
    assert product.found.is_charged


def test_killed_in_the_triggerer_a_probe_is_stopped_and_charged(product, monkeypatch):
    from twolane_airflow.triggers.probe import ProbeTrigger

    monkeypatch.setattr("include.wiring.calibration.calibration_at", lambda *aws: product)
    wait = {"batch_id": "c-0", "lane": "transform", "region": "x", "endpoint_urls": {}}
    trigger = ProbeTrigger(REQUEST, **wait, look_s=1.0, loaded_shards=0, ahead_shards=0)
    trigger._stop()
    assert product.stopped
    assert product.found.is_charged
