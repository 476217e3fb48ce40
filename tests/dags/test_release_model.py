"""`release_model`: its form, its order, and what waits for a person."""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from tests.support.forms import validated

GOOD = {"model_name": "news-topic"}


@pytest.fixture(scope="module")
def release_model(dag_bag):
    return dag_bag.dags["release_model"]


@pytest.mark.parametrize(
    "conf",
    [
        {},
        {"model_name": "one-of-my-own", "data_uri": "s3://twolane-inbox/labelled.csv"},
        {"candidates": ["linear", "frozen"]},
        {"candidates": None, "data_uri": None, "reason": "drift of account enterprise-atlas"},
    ],
)
def test_the_form_accepts(release_model, conf):
    assert validated(release_model, GOOD | conf)["model_name"]


@pytest.mark.parametrize(
    "conf",
    [
        {"model_name": "No Name"},
        {"data_uri": "/etc/passwd"},
        {"candidates": ["forest"]},
        {"candidates": "linear"},
        {"reason": "x" * 501},
    ],
)
def test_the_form_refuses(release_model, conf):
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        validated(release_model, GOOD | conf)


def test_nothing_is_promoted_before_gates_and_person(release_model):
    order = ["prepare", "list_trials", "train", "evaluate", "judge", "check_gates", "approve"]
    for earlier, later in zip(order, [*order[1:], "promote"], strict=True):
        assert earlier in release_model.get_task(later).upstream_task_ids, (earlier, later)


def test_waiting_for_jobs_holds_no_slot(release_model):
    for task_id in ("train", "evaluate"):
        task = release_model.get_task(task_id)
        arguments = task.partial_kwargs if task.is_mapped else vars(task)
        assert arguments.get("mode") == "reschedule", task_id


def test_no_answer_is_a_no(release_model):
    approve = release_model.get_task("approve")
    assert approve.defaults == ["Reject"]
    assert approve.response_timeout.days == 7
    assert "judge" in approve.body
    assert list(approve.params) == ["reason"]


class Told:
    """What the callback posts and shows."""

    def __init__(self) -> None:
        self.alerts: list[tuple[str, str, str]] = []
        self.shown: list[tuple[str, str]] = []

    def announce_failed_release(self, model_name: str, run_id: str, reason: str) -> None:
        self.alerts.append((model_name, run_id, reason))

    def fail_release(self, folder: str, message: str) -> None:
        self.shown.append((folder, message))


@pytest.mark.parametrize(
    ("task_id", "folder", "is_shown"),
    [
        ("prepare", None, False),
        ("train", "s3://m/r/", True),
        ("judge", "s3://m/r/", True),
        ("promote", "s3://m/r/", False),
    ],
)
def test_whatever_fails_is_told_and_what_never_ended_is_shown(
    release_model, monkeypatch, task_id, folder, is_shown
):
    told = Told()
    monkeypatch.setattr("include.wiring.alerting.alerting", lambda: told)
    monkeypatch.setattr("include.wiring.models.model_life.model_life", lambda: told)
    task = release_model.get_task(task_id)
    callbacks = (task.partial_kwargs if task.is_mapped else vars(task))["on_failure_callback"]
    (callback,) = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    ti = SimpleNamespace(task_id=task_id, run_id="drift-1", xcom_pull=lambda task_ids: folder)

    callback({"ti": ti, "params": GOOD, "exception": ValueError("labels differ")})

    assert told.alerts == [("news-topic", "drift-1", f"{task_id}: labels differ")]
    assert told.shown == ([(folder, f"{task_id}: labels differ")] if is_shown else [])


ADA = {"id": "7", "name": "ada"}


@pytest.mark.parametrize(
    ("option", "user", "noted", "asked_again"),
    [
        ("Approve", ADA, [], []),
        ("Reject", ADA, [("s3://m/r/", "ada", "too slow")], []),
        ("Reject", None, [("s3://m/r/", "nobody, in time", "too slow")], [("topics@3", "drift-1")]),
    ],
)
def test_a_no_is_noted_and_silence_is_told(
    release_model, monkeypatch, option, user, noted, asked_again
):
    rejections, alerts = [], []

    class Life:
        def note_rejection(self, folder, *, by, reason):
            rejections.append((folder, by, reason))
            return "topics@3"

        def announce_unanswered(self, model, run_id):
            alerts.append((model, run_id))

    monkeypatch.setattr("include.wiring.alerting.alerting", Life)
    monkeypatch.setattr("include.wiring.models.model_life.model_life", Life)
    event = {
        "chosen_options": [option],
        "params_input": {"reason": "too slow"},
        "responded_at": datetime(2026, 3, 1, tzinfo=UTC),
        "responded_by_user": user,
    }
    approve = copy(release_model.get_task("approve"))
    approve.hitl_summary_extra = {}
    approve.skip = lambda ti, tasks: None
    left = {"prepare": "s3://m/r/"}  # an operator that skips what follows leaves no XCom
    ti = SimpleNamespace(
        task_id="approve", run_id="drift-1", xcom_pull=lambda task_ids: left.get(task_ids)
    )
    context = {"ti": ti, "task": approve}
    (callback,) = approve.on_success_callback

    approve.execute_complete(context, event)
    callback(context)

    assert (rejections, alerts) == (noted, asked_again)
