"""The code that trains and serves models: where it lies, and what tells two states of it apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from include.pipeline.versions.model_archive import tree_digest

if TYPE_CHECKING:
    from include.adapters.mlflow_releases import ContainerCode

MODELS = Path(__file__).resolve().parents[2] / "models"
_PATTERNS = ("*.py", "requirements.lock")
_SERVING = (
    "serving/*.py",
    "requirements.lock",
    "torch_engine/*.py",
    "torch_engine/requirements.txt",
)


def code_digest() -> str:
    """Return the digest of the training code and its locked requirements."""
    return tree_digest(MODELS / "training", _PATTERNS)


def serving_digest() -> str:
    """Return the digest of what answers in an evaluation: the serving code and its locks."""
    return tree_digest(MODELS, _SERVING)


def container_code() -> ContainerCode:
    """Return what a version is registered with: the container's code and its locks."""
    from include.adapters.mlflow_releases import ContainerCode

    locks = (MODELS / "requirements.lock", MODELS / "training" / "requirements.lock")
    return ContainerCode(MODELS, locks)
