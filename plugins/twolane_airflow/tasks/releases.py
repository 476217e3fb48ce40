"""The steps of a release as Airflow tasks. Each hands on the S3 folder of its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import Param, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from include.domain.batches import submission_rules as rules
from include.domain.errors import BatchRejected, PromotionRefused, ReleaseRejected
from include.domain.release.catalog import CANDIDATES, load_catalog
from twolane_airflow import form_fields
from twolane_airflow.failures import DEFAULT_ARGS, no_retry_on

LOOK_S = 5
"""Seconds between two looks at a job; between them a task holds no slot."""
LONGEST_JOB_S = 6 * 3600
APPROVAL_TIMEOUT = timedelta(days=7)
APPROVE = "Approve"

RELEASE_PARAMS = {
    "model_name": form_fields.named_model(
        "news-topic",
        "A model of the catalogue, or a new name for one of your own.",
        examples=load_catalog().models,
    ),
    "data_uri": Param(
        None,
        type=["null", "string"],
        pattern=rules.BATCH_URI_PATTERN,
        title="Labelled data",
        description="S3 URI, JSON Lines or CSV with id, text, label; the catalogue's when empty.",
    ),
    "candidates": Param(
        None,
        type=["null", "array"],
        items={"type": "string", "enum": list(CANDIDATES)},
        examples=list(CANDIDATES),
        title="Candidates",
        description="What is trained and compared; the catalogue's when empty.",
    ),
    "reason": form_fields.reason("Why this release; kept with its evidence."),
}

APPROVAL_PARAMS = {"reason": form_fields.reason("Kept in the history.")}


@task
def prepare(params: Any = None, dag_run: Any = None) -> str:
    """Pin data, candidates and champion; return the folder of the release's evidence."""
    from include.pipeline.release.release_records import ReleaseRequest
    from include.wiring.models.model_life import model_life

    request = ReleaseRequest(
        model_name=params["model_name"],
        data_uri=params["data_uri"] or "",
        candidates=tuple(params["candidates"] or ()),
        reason=params["reason"],
        by=dag_run.run_id,
    )
    with no_retry_on(BatchRejected, ReleaseRejected):
        evidence = model_life().prepare_release(request)
    print(evidence.read("release.json"))  # noqa: T201  (a task's print goes to its log)
    return evidence.folder


@task
def list_trials(folder: str) -> list[str]:
    """Return the names of the training jobs."""
    from include.wiring.models.model_life import model_life

    return [trial.name for trial in model_life().release_evidence(folder).plan().trials]


@task.sensor(mode="reschedule", poke_interval=LOOK_S, timeout=LONGEST_JOB_S)
def train(trial: str, folder: str) -> bool:
    """Start a training job, or look whether it is done."""
    from include.wiring.models.model_life import model_life

    with no_retry_on(BatchRejected, ReleaseRejected):
        return model_life().advance_trial(folder, trial)


@task.sensor(mode="reschedule", poke_interval=LOOK_S, timeout=LONGEST_JOB_S)
def evaluate(folder: str) -> bool:
    """Measure candidates and champion on each hardware class, one class after the other."""
    from include.wiring.models.model_life import model_life

    with no_retry_on(BatchRejected, ReleaseRejected):
        return model_life().advance_evaluations(folder)


@task
def judge(folder: str, dag_run: Any = None) -> str:
    """Propose, register as challenger, judge; return the report for the person who approves.

    That the run waits for a person, or that its gates stop it, is posted as an alert.

    Raises:
        AirflowSkipException: the proposal is the champion itself; nobody is asked.
    """
    from include.wiring.alerting import alerting
    from include.wiring.models.model_life import model_life

    with no_retry_on(BatchRejected, ReleaseRejected):
        findings = model_life().judge_release(folder)
    if findings.is_champion:
        raise AirflowSkipException(f"nothing new: {findings.model.label} is the champion")
    alerting().announce_release(findings, dag_run.run_id)
    print(findings.proposal.reason)  # noqa: T201
    return model_life().release_evidence(folder).read("report.md")


@task
def check_gates(folder: str) -> None:
    """Go on only when every gate has passed.

    Raises:
        AirflowFailException: one has not; the message says which and by how much.
    """
    from include.pipeline.release.approve_release import failed_gates
    from include.wiring.models.model_life import model_life

    if failures := failed_gates(model_life().release_evidence(folder)):
        raise AirflowFailException("; ".join(failures))


@task
def promote(folder: str, approval: Mapping[str, Any]) -> str:
    """Make the approved version the champion; return it."""
    from include.wiring.models.model_life import model_life

    life = model_life()
    reason = _reason(approval) or "approved in the release"
    with no_retry_on(PromotionRefused):
        request = life.approved_promotion(folder, by=_person(approval) or "unknown", reason=reason)
        promotion = life.promote(request)
    return f"{promotion.model_name}@{promotion.to_version}"


def report_rejected(context: Mapping[str, Any]) -> None:
    """Write on the version that a release was not approved; post that nobody has answered.

    Airflow calls it with the answered task, whatever the answer was. It is read off the operator:
    one that skips what follows leaves no XCom.
    """
    from include.wiring.alerting import alerting
    from include.wiring.models.model_life import model_life

    ti, answer = context["ti"], context["task"].hitl_summary
    if APPROVE in answer["chosen_options"]:
        return
    person, reason = _person(answer), _reason(answer) or "no reason given"
    folder = ti.xcom_pull(task_ids="prepare")
    model = model_life().note_rejection(folder, by=person or "nobody, in time", reason=reason)
    if not person:
        alerting().announce_unanswered(model, ti.run_id)


def _person(answer: Mapping[str, Any]) -> str:
    """Return who has answered; empty where nobody has in time."""
    user = answer["responded_by_user"] or {}
    return str(user.get("name") or user.get("id") or "")


def _reason(answer: Mapping[str, Any]) -> str:
    return str((answer["params_input"] or {}).get("reason") or "")


def report_failed(context: Mapping[str, Any]) -> None:
    """Post that a task of a release has failed for good, and show it on the release's MLflow run.

    What comes after the judgement leaves that run as the judgement has closed it.
    """
    from include.wiring.alerting import alerting
    from include.wiring.models.model_life import model_life

    ti, task_id = context["ti"], context["ti"].task_id
    reason = f"{task_id}: {context.get('exception') or 'its process was lost'}"
    alerting().announce_failed_release(context["params"]["model_name"], ti.run_id, reason)
    folder = ti.xcom_pull(task_ids="prepare")
    if folder and task_id in _BEFORE_THE_END:
        model_life().fail_release(folder, reason)


RELEASE_ARGS = DEFAULT_ARGS | {"on_failure_callback": report_failed}
_BEFORE_THE_END = ("list_trials", "train", "evaluate", "judge")
