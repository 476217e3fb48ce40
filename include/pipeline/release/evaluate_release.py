"""Candidates and champion measured side by side, on each hardware class."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from include.domain.errors import ReleaseFailed, ReleaseRejected
from include.domain.release.candidates import Trial, best_trial
from include.domain.release.evaluation import CHAMPION_KEY
from include.pipeline.release.evidence import Evidence
from include.pipeline.release.release_ports import (
    EvaluationJobs,
    EvaluationRequest,
    ReleaseTracking,
)
from include.pipeline.release.release_records import PlannedRelease, TrialRecord


@dataclass(frozen=True, slots=True)
class Contestant:
    """A model that is evaluated.

    Attributes:
        with_cascade: whether its cascade, if it has one, is used.
        trial: whose artifact it is; None for the champion.
    """

    artifact_uri: str
    with_cascade: bool
    trial: Trial | None = None
    record: TrialRecord | None = None


def chosen_trials(evidence: Evidence, planned: PlannedRelease) -> dict[str, Trial]:
    """Return the best trial of each candidate that has training jobs, by key.

    Raises:
        ReleaseFailed: a trial is not done.
    """
    chosen: dict[str, Trial] = {}
    for key in dict.fromkeys(trial.candidate for trial in planned.trials):
        trials = {trial.name: trial for trial in planned.trials if trial.candidate == key}
        accuracy = {name: _done(evidence, name).accuracy for name in trials}
        chosen[key] = trials[best_trial(accuracy, list(trials))]
    return chosen


def contestants(evidence: Evidence, planned: PlannedRelease) -> dict[str, Contestant]:
    """Return what is evaluated, by key, the champion last.

    A candidate that is part of another's artifact is left out where training found no evidence for
    it.

    Raises:
        ReleaseRejected: no candidate is left.
    """
    chosen = chosen_trials(evidence, planned)
    found: dict[str, Contestant] = {}
    for key in planned.candidates:
        trial = chosen[planned.parts.get(key, key)]
        record = _done(evidence, trial.name)
        is_part = key in planned.parts
        if is_part and not record.has_cascade:
            continue
        alone = any(part_of == key for part_of in planned.parts.values())
        found[key] = Contestant(record.artifact_uri, is_part or not alone, trial, record)
    if not found:
        raise ReleaseRejected(f"{evidence.folder}: training found no {planned.candidates[0]}")
    if planned.champion:
        found[CHAMPION_KEY] = Contestant(planned.champion.artifact_url, with_cascade=True)
    return found


def advance_evaluations(
    evidence: Evidence, jobs: EvaluationJobs, tracking: ReleaseTracking
) -> bool:
    """Evaluate on one hardware class after the other; return whether all is done and kept.

    Never two at once: where classes share a machine, as on a laptop, they would measure each other.

    Raises:
        ReleaseFailed: a job failed, or left nothing that can be read; asking again starts another.
    """
    return all(_advance(evidence, each.name, jobs, tracking) for each in evidence.plan().hardware)


def _advance(
    evidence: Evidence, hardware: str, jobs: EvaluationJobs, tracking: ReleaseTracking
) -> bool:
    if evidence.has_evaluation(hardware):
        return True
    planned = evidence.plan()
    record = evidence.trial(_record_name(hardware))
    if record is None:
        models = contestants(evidence, planned)
        tracking.reopen_run(planned.run_id)  # its task was cleared after the release failed
        record = TrialRecord(jobs.start(_request(evidence, planned, hardware, models)))
        evidence.save_trial(_record_name(hardware), record)
    try:
        if not jobs.is_done(record.job):
            return False
        evidence.save_evaluation(hardware)
    except ReleaseFailed:
        evidence.forget_trial(_record_name(hardware))
        raise
    return True


def _record_name(hardware: str) -> str:
    return f"evaluation-{hardware}"


def _request(
    evidence: Evidence,
    planned: PlannedRelease,
    hardware: str,
    models: Mapping[str, Contestant],
) -> EvaluationRequest:
    config = {
        "models": {key: {"cascade": each.with_cascade} for key, each in models.items()},
        **asdict(planned.evaluation),
    }
    config_name = "evaluation-config/evaluation.json"
    evidence.write(config_name, json.dumps(config, indent=2))
    measured = next(each for each in planned.hardware if each.name == hardware)
    model_name = planned.request.model_name
    return EvaluationRequest(
        name=f"twolane-evaluate-{model_name[:20]}-{planned.release_id[:12]}-{hardware}",
        documents_prefix=planned.data.test_prefix,
        config_uri=evidence.uri(config_name),
        models={key: each.artifact_uri for key, each in models.items()},
        output_prefix=evidence.evaluation_prefix(hardware),
        instance_type=measured.instance_type,
        tags={"project": "twolane", "model": model_name, "release": planned.release_id},
    )


def _done(evidence: Evidence, name: str) -> TrialRecord:
    record = evidence.trial(name)
    if record is None or not record.artifact_uri:
        raise ReleaseFailed(f"{evidence.folder}: training job of {name} is not done")
    return record
