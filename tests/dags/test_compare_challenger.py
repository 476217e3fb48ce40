"""The form of a comparison, and what its tasks make of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from include.domain.comparison.comparison import Kind, Plan
from include.domain.errors import ComparisonRefused, EndpointUnavailable


@pytest.fixture
def form(dag_bag) -> dict[str, Any]:
    """The form as it opens."""
    return dict(dag_bag.dags["compare_challenger"].params)


class Life:
    """Notes what it is asked; raises what it is told to."""

    def __init__(self) -> None:
        self.settings = SimpleNamespace(model_name="news-topic")
        self.started: list[tuple[Plan, str, str]] = []
        self.watched: list[str] = []
        self.running = [
            SimpleNamespace(comparison_id=each, model_name="m") for each in ("c1", "c2")
        ]
        self.refuse_with: Exception | None = None
        self.comparisons = SimpleNamespace(all_running=lambda: self.running)

    def start_comparison(self, plan: Plan, name: str, *, started_by: str) -> SimpleNamespace:
        if self.refuse_with:
            raise self.refuse_with
        self.started.append((plan, name, started_by))
        return self.running[0]

    def stop_comparison(self, name: str, *, by: str) -> SimpleNamespace | None:
        return self.running.pop() if self.running else None

    def watch_comparison(self, comparison: SimpleNamespace) -> str:
        self.watched.append(comparison.comparison_id)
        if comparison.comparison_id == "c1":
            raise EndpointUnavailable("endpoint e: no answer")
        return "nothing is sure yet"

    def report_comparisons(self) -> list[str]:
        return ["s3://w/comparisons/c0.json"]


@pytest.fixture
def life(monkeypatch) -> Life:
    import include.wiring.models.model_life

    made = Life()
    monkeypatch.setattr(include.wiring.models.model_life, "model_life", lambda: made)
    return made


def control(form: dict[str, Any], **changes: object) -> str:
    from twolane_airflow.tasks.comparisons import act

    run = SimpleNamespace(triggering_user_name="jane")
    return act.function(params=form | changes, dag_run=run)


def test_the_form_as_it_opens_begins_a_shadow_of_the_default_model(form, life) -> None:
    assert control(form) == "c1"

    (plan, name, who) = life.started[0]
    assert plan == Plan(Kind.SHADOW, account_share=0.0, document_share=0.1)
    assert (name, who) == ("news-topic", "jane")


def test_a_canary_takes_the_share_of_accounts(form, life) -> None:
    control(form, kind="canary", account_share=0.25, model_name="ticket-urgency", margin=0.01)

    (plan, name, _) = life.started[0]
    assert plan == Plan(Kind.CANARY, account_share=0.25, document_share=0.1, margin=0.01)
    assert name == "ticket-urgency"


@pytest.mark.parametrize("changes", [{"level": 0}, {"kind": "canary", "account_share": 0}])
def test_a_form_that_makes_no_sense_fails_once_with_the_reason(form, life, changes) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match=r"out of range|cannot have"):
        control(form, **changes)


def test_what_is_refused_fails_once_with_the_reason(form, life) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    life.refuse_with = ComparisonRefused("c9 runs")
    with pytest.raises(AirflowFailException, match="c9 runs"):
        control(form)


def test_stopping_names_what_was_stopped_and_nothing_cannot_be_stopped(form, life) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    assert control(form, action="stop") == "c2"
    life.running.clear()
    with pytest.raises(AirflowFailException, match="no comparison runs"):
        control(form, action="stop")


def test_a_comparison_that_cannot_be_fed_leaves_the_others_their_turn(life) -> None:
    from include.domain.errors import TwolaneError
    from twolane_airflow.tasks.comparisons import feed

    with pytest.raises(TwolaneError, match="m: c1: endpoint e: no answer"):
        feed.function()
    assert life.watched == ["c1", "c2"]


@pytest.mark.parametrize("before", ["success", "failed"])
@pytest.mark.parametrize(
    ("dag_id", "task_id"), [("watch_comparisons", "feed"), ("compare_challenger", "act")]
)
def test_what_has_ended_is_reported_in_any_case_and_the_failure_before_is_the_runs(
    dag_bag, life, dag_id, task_id, before
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    report = dag_bag.dags[dag_id].get_task("report")
    assert report.trigger_rule == "all_done"
    states = {task_id: before}
    run = SimpleNamespace(
        dag_id=dag_id,
        run_id="r",
        get_task_states=lambda task_ids, **run: {"r": {e: states[e] for e in task_ids}},
    )

    def result() -> list[str]:
        return report.python_callable(*report.op_args, ti=run)

    if before == "success":
        assert result() == ["s3://w/comparisons/c0.json"]
        return
    with pytest.raises(AirflowFailException, match=f"task {task_id} has failed"):
        result()
