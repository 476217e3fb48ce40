"""What the commands that release a model share: where it is trained, registered and promoted."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from include.pipeline.promotion.promote_model import PromotionRequest
from include.pipeline.versions.release_model import ReleasePorts
from include.wiring.models.model_life import model_life

CHARACTERS_A_TOKEN = 10
"""More are never needed: so many keep the ids of English text unchanged."""

Report = Callable[[str], None]


def reads(max_tokens: int) -> dict[str, str]:
    """Hyperparameters that say how much of a document a model reads."""
    characters = max_tokens * CHARACTERS_A_TOKEN
    return {"max_tokens": str(max_tokens), "max_characters": str(characters)}


def timed_report() -> Report:
    """Return what prints lines with the seconds since now."""
    started = time.monotonic()

    def report(line: str) -> None:
        print(f"[{time.monotonic() - started:6.1f} s] {line}", flush=True)  # noqa: T201

    return report


def release_ports(model_name: str, instance_type: str, report: Report, *, by: str) -> ReleasePorts:
    """Return what a release of a model reaches out to.

    Args:
        model_name: registered name; its versions' runs are in the experiment of that name.
        instance_type: where training runs.
        report: told each step.
        by: who promotes, as the history shows it.
    """
    life = model_life()
    return ReleasePorts(
        objects=life.objects,
        training=life.training_jobs_on(instance_type),
        registry=life.release_registry(model_name),
        report=report,
        promote=partial(_promote, by=by, report=report),
    )


def _promote(model_name: str, version: str, *, by: str, report: Report) -> None:
    request = PromotionRequest(model_name, version, by=by, reason="released by command")
    model_life().promote(request, report)
