"""One training job of a release, looked at as often as one likes."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from include.domain.errors import ReleaseFailed
from include.domain.release.candidates import Trial
from include.pipeline.release.evidence import Evidence
from include.pipeline.release.fail_release import end_if_failed
from include.pipeline.release.release_ports import ReleaseTracking
from include.pipeline.release.release_records import PlannedRelease, TrialRecord
from include.pipeline.versions.artifact_parts import numbers, read_part
from include.pipeline.versions.model_archive import unpack_archive
from include.pipeline.versions.ports import TrainingJobs, TrainingRequest


@dataclass(frozen=True, slots=True)
class TrialPorts:
    """What a trial needs of the world."""

    training: TrainingJobs
    tracking: ReleaseTracking


def training_digest(planned: PlannedRelease, trial: Trial) -> str:
    """Identity of a training job: the same digest, the same artifact."""
    parts = [planned.data.fit_digest, planned.code_digest, dict(trial.parameters)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def advance_trial(
    evidence: Evidence, trial: Trial, *, models_bucket: str, ports: TrialPorts
) -> bool:
    """Start the trial's job, or look at it; return whether it is done and tracked.

    A job's name is made of all that goes into it, so one that another release has run is adopted.

    Raises:
        ReleaseFailed: the job failed; asking again starts another.
    """
    planned = evidence.plan()
    record = evidence.trial(trial.name)
    if record and record.artifact_uri:
        return True
    if record is None:
        ports.tracking.reopen_run(planned.run_id)  # its task was cleared after the release failed
        record = TrialRecord(ports.training.start(_request(planned, trial, models_bucket)))
        evidence.save_trial(trial.name, record)
    try:
        artifact_uri = ports.training.artifact(record.job)
    except ReleaseFailed:
        evidence.forget_trial(trial.name)
        raise
    if artifact_uri is None:
        return False
    evidence.save_trial(
        trial.name, _tracked(evidence, planned, trial, record.job, artifact_uri, ports)
    )
    end_if_failed(evidence, ports.tracking)
    return True


def _request(planned: PlannedRelease, trial: Trial, models_bucket: str) -> TrainingRequest:
    digest = training_digest(planned, trial)
    model_name = planned.request.model_name
    return TrainingRequest(
        name=f"twolane-train-{model_name[:24]}-{trial.candidate}-{digest[:12]}",
        data_prefix=planned.data.fit_prefix,
        output_prefix=f"s3://{models_bucket}/training-jobs",
        parameters=trial.parameters,
        tags={
            "project": "twolane",
            "model": model_name,
            "release": planned.release_id,
            "training-digest": digest,
        },
        instance_type=trial.instance_type,
    )


def _tracked(
    evidence: Evidence,
    planned: PlannedRelease,
    trial: Trial,
    job: str,
    artifact_uri: str,
    ports: TrialPorts,
) -> TrialRecord:
    with tempfile.TemporaryDirectory(prefix="twolane-trial-") as scratch:
        archive, folder = Path(scratch) / "model.tar.gz", Path(scratch) / "model"
        evidence.objects.download(artifact_uri, archive)
        unpack_archive(archive, folder)
        description = read_part(folder / "model.json", artifact_uri)
        metrics = read_part(folder / "metrics.json", artifact_uri)
    found = numbers(metrics)
    if "accuracy" not in found:
        raise ReleaseFailed(f"{artifact_uri}: metrics.json has no accuracy")
    run_id = ports.tracking.log_trial(
        planned.run_id,
        trial.name,
        trial.parameters,
        {f"validation/{name}": value for name, value in found.items()},
        {"twolane.training_job": job, "twolane.artifact": artifact_uri},
    )
    return TrialRecord(
        job=job,
        artifact_uri=artifact_uri,
        accuracy=found["accuracy"],
        has_cascade=description.get("cascade") is not None,
        run_id=run_id,
    )
