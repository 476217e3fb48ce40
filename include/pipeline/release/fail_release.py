"""A release that does not come to its end, shown in MLflow."""

from __future__ import annotations

from include.pipeline.release.evidence import Evidence
from include.pipeline.release.release_ports import ReleaseTracking


def fail_release(evidence: Evidence, reason: str, tracking: ReleaseTracking) -> None:
    """Say on a release's run why it has failed, and end the run as `end_if_failed` does.

    Args:
        reason: the step that failed, and what it said.

    Raises:
        ReleaseFailed: MLflow refuses.
    """
    tracking.note_failure(evidence.plan().run_id, reason)
    end_if_failed(evidence, tracking)


def end_if_failed(evidence: Evidence, tracking: ReleaseTracking) -> None:
    """End the run of a release that has failed, once no training job of it is under way.

    A job whose release is over counts as nobody's, and is stopped.

    Raises:
        ReleaseFailed: MLflow refuses.
    """
    planned = evidence.plan()
    if not tracking.has_failure(planned.run_id):
        return
    records = (evidence.trial(trial.name) for trial in planned.trials)
    if all(record is None or record.artifact_uri for record in records):
        tracking.close_run(planned.run_id, succeeded=False, tags={})
