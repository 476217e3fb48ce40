"""Which runs Airflow knows: the triggerer's way to ask, held to what the fake says."""

from __future__ import annotations

import pytest

from include.domain.errors import SchedulerUnavailable
from tests.support.fakes.queues import FakeStartedRuns


class FakeAirflow:
    """Counts runs as Airflow's API does, one call after the other."""

    def __init__(self, *run_ids: str) -> None:
        self.run_ids = run_ids
        self.calls = 0
        self.is_down = False

    def get_dr_count(self, dag_id: str, run_ids: list[str]) -> int:
        from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
        from airflow.sdk.execution_time.comms import ErrorResponse

        assert dag_id == "express_inference"
        if self.is_down:
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR))
        self.calls += 1
        return sum(each in self.run_ids for each in run_ids)


@pytest.fixture
def airflow(monkeypatch):
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    made = FakeAirflow("a", "b")
    monkeypatch.setattr(RuntimeTaskInstance, "get_dr_count", staticmethod(made.get_dr_count))
    return made


@pytest.fixture(params=["fake", "airflow"])
def runs(request, airflow):
    from twolane_airflow.triggers.started_runs import AirflowRuns

    if request.param == "fake":
        return FakeStartedRuns(lost={"c", "d"})
    return AirflowRuns("express_inference")


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        (["a", "b"], {"a", "b"}),
        (["a", "c"], {"a"}),
        (["c", "d"], set()),
        ([], set()),
    ],
)
def test_it_tells_which_runs_there_are(runs, asked, known):
    assert runs.started(dict.fromkeys(asked).keys()) == known


def test_runs_that_are_all_there_cost_one_call(airflow):
    from twolane_airflow.triggers.started_runs import AirflowRuns

    AirflowRuns("express_inference").started(["a", "b"])

    assert airflow.calls == 1


def test_an_api_that_does_not_answer_is_an_error_of_ours(airflow):
    from twolane_airflow.triggers.started_runs import AirflowRuns

    airflow.is_down = True

    with pytest.raises(SchedulerUnavailable, match="express_inference"):
        AirflowRuns("express_inference").started(["a"])
