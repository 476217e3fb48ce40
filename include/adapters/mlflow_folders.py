"""Models of MLflow's transformers flavour, as folders.

Imports MLflow's own client, which is slow: for commands, never for a task.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.models import Model

from include.adapters.mlflow_client import configure
from include.domain.errors import ReleaseFailed

MODEL_FILE = "MLmodel"
FLAVOUR = "transformers"


@dataclass(frozen=True, slots=True)
class TransformersFolders:
    """Where a logged model's parts are: its configuration and weights, and its tokenizer."""

    model: Path
    tokenizer: Path


def download_transformers(uri: str, tracking_uri: str, target: Path) -> TransformersFolders:
    """Fetch a model, e.g. `models:/name/1` or `runs:/<run id>/model`.

    Raises:
        ReleaseFailed: there is none, MLflow does not answer, or it is of another flavour.
    """
    configure()
    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_registry_uri(tracking_uri)
    try:
        folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(target)))
    except MlflowException as exc:
        raise ReleaseFailed(f"MLflow model {uri}: {exc.message}") from exc
    except Exception as exc:  # the stores below it raise their own libraries' errors
        raise ReleaseFailed(f"MLflow model {uri}: {exc}") from exc
    return parts_of(folder, uri)


def parts_of(folder: Path, uri: str) -> TransformersFolders:
    """Return where the parts are in a downloaded model.

    Raises:
        ReleaseFailed: it is no model of the transformers flavour, or was logged without weights.
    """
    flavours = _flavours(folder / MODEL_FILE, uri)
    ours = flavours.get(FLAVOUR)
    if not isinstance(ours, dict):
        found = ", ".join(sorted(flavours)) or "none"
        raise ReleaseFailed(
            f"MLflow model {uri} has the flavours {found}: only {FLAVOUR} can be imported; log the "
            "model with mlflow.transformers.log_model"
        )
    if "model_binary" not in ours:
        raise ReleaseFailed(
            f"MLflow model {uri} was logged without its weights: run "
            f"mlflow.transformers.persist_pretrained_model({uri!r}) first"
        )
    model = folder / str(ours["model_binary"])
    tokenizer = folder / "components" / "tokenizer"
    return TransformersFolders(model, tokenizer if tokenizer.is_dir() else model)


def _flavours(path: Path, uri: str) -> dict[str, Any]:
    try:
        return dict(Model.load(str(path)).flavors)
    except Exception as exc:  # a missing file, or whatever a YAML reader raises
        raise ReleaseFailed(f"MLflow model {uri} has no readable {MODEL_FILE}: {exc}") from exc
