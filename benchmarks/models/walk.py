"""A release's steps in a row, as the DAG `release_model` takes them."""

from __future__ import annotations

import time
from collections.abc import Callable

from include.pipeline.release.evidence import Evidence
from include.pipeline.release.release_records import ReleaseRequest
from include.pipeline.release.release_report import Findings
from include.wiring.models.model_life import ModelLife

LOOK_S = 1.0
Report = Callable[[str], None]


def walk(life: ModelLife, request: ReleaseRequest, report: Report) -> tuple[Evidence, Findings]:
    """Prepare, train, evaluate, judge."""
    evidence = life.prepare_release(request)
    planned = evidence.plan()
    report(
        f"release {planned.release_id}: {planned.data.fit_documents} documents to train on, "
        f"{planned.data.test_documents} to test on; {len(planned.trials)} training jobs"
    )
    for key, why in planned.left_out.items():
        report(f"left out: {key}: {why}")
    waiting = [trial.name for trial in planned.trials]
    while waiting:
        for name in [name for name in waiting if life.advance_trial(evidence.folder, name)]:
            waiting.remove(name)
            record = evidence.trial(name)
            if record:
                report(f"trained {name}: {record.accuracy:.2%} of the validated documents right")
        time.sleep(LOOK_S if waiting else 0)
    while not life.advance_evaluations(evidence.folder):
        time.sleep(LOOK_S)
    report("evaluated")
    return evidence, life.judge_release(evidence.folder, report)
