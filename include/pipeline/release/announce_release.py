"""How a release ended, for whom it concerns: it takes hours, and nobody sits beside it."""

from __future__ import annotations

from datetime import datetime

from include.domain.alerts import Alert, AlertKind
from include.domain.model_ref import ModelRef
from include.pipeline.alerts.ports import AlertBook
from include.pipeline.release.release_report import Findings


def announce_release(findings: Findings, run_id: str, *, now: datetime, alerts: AlertBook) -> bool:
    """Post that a release waits for a person, or that its gates stopped it.

    Args:
        run_id: the run that was judged, and waits where every gate has passed.

    Returns:
        Whether that is new.

    Raises:
        StoreError: the store cannot be reached.
    """
    model, asked = findings.model, findings.planned.request.reason or "none given"
    if findings.passed:
        alert = Alert(
            AlertKind.RELEASE_WAITING,
            run_id,
            f"{model.label} has passed its gates and waits for approval",
            f"{findings.proposal.reason}. Reason of the release: {asked}.",
            "Answer it under Required Actions in Airflow; a week without an answer is a no.",
            now,
        )
    else:
        alert = Alert(
            AlertKind.RELEASE_STOPPED,
            run_id,
            f"{model.label} has failed its gates",
            f"{'; '.join(findings.failures)}. Reason of the release: {asked}.",
            "The champion stays. The report on the release's run in MLflow has all figures: mend "
            "the data or mlflow/candidates.toml, and release anew.",
            now,
        )
    return alerts.post(alert)


def announce_failure(
    model_name: str, run_id: str, reason: str, *, now: datetime, alerts: AlertBook
) -> bool:
    """Post that a release did not come to its end; return whether that is new.

    One whose gates have stopped it was told of when it was judged.

    Args:
        reason: the step that failed, and what it said.

    Raises:
        StoreError: the store cannot be reached.
    """
    return alerts.post(
        Alert(
            AlertKind.RELEASE_STOPPED,
            run_id,
            f"The release of {model_name} has failed",
            reason,
            "The champion stays. The failed task's log has more; once what is named is mended, "
            "start release_model anew: work that is done is found again.",
            now,
        )
    )


def announce_unanswered(model: ModelRef, run_id: str, *, now: datetime, alerts: AlertBook) -> bool:
    """Post that nobody has answered a release that waited; return whether that is new.

    Raises:
        StoreError: the store cannot be reached.
    """
    return alerts.post(
        Alert(
            AlertKind.RELEASE_STOPPED,
            run_id,
            f"{model.label} waited for approval, and nobody has answered",
            "No answer is a no: it stays challenger.",
            f"Clear the task approve of the run to be asked again, or run compare_challenger on "
            f"{model.name}.",
            now,
        )
    )
