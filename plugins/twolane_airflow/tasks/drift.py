"""Feedback and the watch for drift as Airflow tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date
from typing import TYPE_CHECKING, Any

from airflow.sdk import task

if TYPE_CHECKING:
    from include.pipeline.drift.ports import Unread

RELEASE_DAG_ID = "release_model"
REASON_CHARACTERS = 500
"""As many as that DAG's form takes; all of it stands in `drift_releases`."""


@task
def load_feedback() -> dict[str, int]:
    """Take the labels that wait in the inbox; return how many rows counted, how many did not."""
    from include.wiring.models.model_life import model_life

    uploads = model_life().load_feedback()
    for upload in uploads:
        print(f"{upload.uri}: {upload.kept} kept, {upload.refused} set aside")  # noqa: T201
    return {
        "kept": sum(upload.kept for upload in uploads),
        "refused": sum(upload.refused for upload in uploads),
    }


@task
def describe_batches(loaded: dict[str, int], dag_run: Any = None) -> str:
    """Describe the batches that closed since the last watch; return the night they count to.

    One that cannot be read is skipped, the reason logged and posted as an alert; the next night
    looks again.

    Args:
        loaded: what `load_feedback` did; labels come first.
        dag_run: the run, given by Airflow.
    """
    from include.pipeline.drift.profile_batch import unread_batches
    from include.wiring.models.model_life import model_life

    night = dag_run.run_after.astimezone(UTC).date()
    profiles, skipped = model_life().profile_batches(night)
    for each in skipped:
        print(f"{each.batch_id}: skipped: {each.reason}")  # noqa: T201
    _announce(unread_batches(skipped), night)
    documents = sum(profile.sketch.documents for profile in profiles if profile.sketch)
    print(f"{night}: {documents} documents of {len(profiles)} batches")  # noqa: T201
    return str(night.isoformat())


@task
def judge(night: str) -> dict[str, int]:
    """Compare every account and model, and write the night's page; return findings by level.

    What cannot be read of a model is logged and posted as an alert; the rest is compared.
    """
    from include.domain.drift.policy import Level
    from include.wiring.models.model_life import model_life

    watched = model_life().watch_drift(date.fromisoformat(night))
    _announce(watched.unread, watched.night)
    for finding in watched.findings:
        if finding.is_alarm:
            found = finding.comparison
            print(  # noqa: T201
                f"{found.stream.account} {found.stream.model.label}: {found.feature.value} "
                f"{finding.level.value} ({found.effect:.2f}; {found.note or 'no note'})"
            )
    return {level.value: sum(f.level is level for f in watched.findings) for level in Level}


@task
def open_releases(night: str, levels: dict[str, int]) -> list[dict[str, Any]]:
    """Return the runs of `release_model` that drift asks for.

    Args:
        night: as `describe_batches` returned it.
        levels: as `judge` returned them.
    """
    from include.wiring.models.model_life import model_life

    asked = date.fromisoformat(night)
    opened, refused = model_life().open_drift_releases(asked)
    for refusal in refused:
        print(f"{refusal.model_name}: no release: {refusal.reason}")  # noqa: T201
    _announce([refusal.unread for refusal in refused if refusal.unread], asked)
    return [
        {
            "trigger_run_id": release.run_id,
            "conf": {
                "model_name": release.model_name,
                "data_uri": release.data_uri,
                "reason": release.reason[:REASON_CHARACTERS],
            },
        }
        for release in opened
    ]


def _announce(unread: Sequence[Unread], night: date) -> None:
    """Log what a night goes without, and post it as alerts."""
    from include.wiring.alerting import alerting

    for each in unread:
        print(f"{each.about}: cannot be read: {each.reason}. {each.lost}")  # noqa: T201
    alerting().announce_unread(unread, night)
