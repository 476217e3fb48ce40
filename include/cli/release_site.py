"""What the commands that release a model share: where it is trained, registered and promoted."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from include.config import Settings
from include.pipeline.release.model_archive import tree_digest
from include.pipeline.release.ports import ReleaseRegistry, TrainingJobs
from include.pipeline.release.promote_model import PromotionRequest
from include.pipeline.release.release_model import ReleasePorts
from include.wiring.model_life import model_life

MODELS = Path(__file__).resolve().parents[1] / "models"
CHARACTERS_A_TOKEN = 10
"""More are never needed: so many keep the ids of English text unchanged."""

_CODE_PATTERNS = ("*.py", "requirements.lock")

Report = Callable[[str], None]


def code_digest() -> str:
    """Of the training code and its locked requirements."""
    return tree_digest(MODELS / "training", _CODE_PATTERNS)


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
        training=_training_jobs(life.settings, instance_type),
        registry=_registry(life.settings, model_name),
        report=report,
        promote=partial(_promote, by=by, report=report),
    )


def _promote(model_name: str, version: str, *, by: str, report: Report) -> None:
    request = PromotionRequest(model_name, version, by=by, reason="released by command")
    model_life().promote(request, report)


def _training_jobs(settings: Settings, instance_type: str) -> TrainingJobs:
    from include.adapters.aws.clients import client
    from include.adapters.aws.training_jobs import SageMakerTrainingJobs

    return SageMakerTrainingJobs(
        client("sagemaker"),
        image_uri=settings.training_image,
        torch_image_uri=settings.torch_image,
        role_arn=settings.role_arn,
        instance_type=instance_type,
    )


def _registry(settings: Settings, model_name: str) -> ReleaseRegistry:
    from include.adapters.mlflow_releases import ContainerCode, MlflowReleaseRegistry

    locks = (MODELS / "requirements.lock", MODELS / "training" / "requirements.lock")
    return MlflowReleaseRegistry(
        settings.mlflow_tracking_uri, model_name, ContainerCode(MODELS, locks)
    )
