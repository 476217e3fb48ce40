"""Writing a release to MLflow: the run, the registered version, its tags and alias.

Imports MLflow's own client, which is slow: for the release command, never for a task.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.entities.model_registry import ModelVersion
from mlflow.environment_variables import MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, Schema

from include.adapters.mlflow_client import as_metrics, explained, mlflow_client
from include.adapters.mlflow_registry import (
    LABELS_TAG,
    MAX_TOKENS_TAG,
    MODEL_DATA_SHA256_TAG,
    MODEL_DATA_URL_TAG,
)
from include.domain.model_ref import ModelCard
from include.domain.release.catalog import About
from include.pipeline.versions.ports import Candidate, RegisteredVersion

TRAINING_DIGEST_TAG = "twolane.training_digest"
"""On the run and on the version, so a release finds what it made before."""

LANGUAGES_TAG = "twolane.languages"
LIMITS_TAG = "twolane.limits"
"""What the catalogue says of the model, on the run and on the version."""

SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec("string", "id"), ColSpec("string", "text")]),
    outputs=Schema(
        [ColSpec("string", "id"), ColSpec("string", "label"), ColSpec("double", "score")]
    ),
)
EXAMPLE = [{"id": "example-1", "text": "The home side won the final on penalties."}]


@dataclass(frozen=True, slots=True)
class ContainerCode:
    """The container's sources, logged with the model so that MLflow alone can load it.

    Attributes:
        folder: `include/models`.
        locks: the locked requirements of the serving and the training image.
    """

    folder: Path
    locks: tuple[Path, ...]

    @property
    def pyfunc_file(self) -> Path:
        """MLflow's way into the serving code."""
        return self.folder / "pyfunc_model.py"

    @property
    def serving_package(self) -> Path:
        """The package that file imports."""
        return self.folder / "serving"

    @property
    def serving_lock(self) -> Path:
        """What the serving code runs on."""
        return self.folder / "requirements.lock"


class MlflowReleaseRegistry:
    """`ReleaseRegistry` on an MLflow tracking server.

    Args:
        tracking_uri: of the server.
        experiment: that runs are in.
        code: logged with each model.
        about: what people should know of the models that are registered; None where nobody says.
    """

    def __init__(
        self,
        tracking_uri: str,
        experiment: str,
        code: ContainerCode,
        about: About | None = None,
    ) -> None:
        self._tracking_uri = tracking_uri
        self._experiment = experiment
        self._code = code
        self._about = about
        self._client = mlflow_client(tracking_uri)

    def find(self, name: str, training_digest: str) -> RegisteredVersion | None:
        """See `ReleaseRegistry.find`."""
        with explained(f"looking for a version of {name}"):
            query = f"name = '{name}' and tags.`{TRAINING_DIGEST_TAG}` = '{training_digest}'"
            found = self._client.search_model_versions(query, max_results=10)
        versions = sorted(found, key=lambda version: int(version.version))
        return _as_registered(versions[-1]) if versions else None

    def register(self, candidate: Candidate) -> RegisteredVersion:
        """See `ReleaseRegistry.register`."""
        with explained(f"registering {candidate.name}"), _quiet():
            mlflow.set_tracking_uri(self._tracking_uri)
            mlflow.set_registry_uri(self._tracking_uri)
            mlflow.set_experiment(self._experiment)
            run_name = f"{candidate.name}-{candidate.training_digest[:12]}"
            tags = {TRAINING_DIGEST_TAG: candidate.training_digest, "source": candidate.source}
            parent = candidate.parent_run_id or None
            with mlflow.start_run(run_name=run_name, tags=tags, parent_run_id=parent) as run:
                self._log_facts(run.info.run_id, candidate)
                info = self._log_model(candidate)
            self._ensure_model(candidate.name)
            version = self._client.create_model_version(
                candidate.name,
                source=info.model_uri,
                run_id=run.info.run_id,
                model_id=info.model_id,
                tags={
                    TRAINING_DIGEST_TAG: candidate.training_digest,
                    "twolane.data_digest": candidate.data_digest,
                },
            )
        return _as_registered(version)

    def publish(
        self, version: RegisteredVersion, *, url: str, sha256: str, card: ModelCard
    ) -> None:
        """See `ReleaseRegistry.publish`."""
        tags = {
            LABELS_TAG: json.dumps(card.labels),
            MAX_TOKENS_TAG: str(card.max_tokens),
            MODEL_DATA_SHA256_TAG: sha256,
            MODEL_DATA_URL_TAG: url,
        }
        if self._about:
            tags[LANGUAGES_TAG] = ", ".join(self._about.languages)
            tags[LIMITS_TAG] = self._about.limits
        with explained(f"publishing {version.name} version {version.version}"):
            for key, value in tags.items():
                self._client.set_model_version_tag(version.name, version.version, key, value)
                self._client.set_tag(version.run_id, key, value)
            if self._about:
                said = self._about.sentence
                self._client.update_model_version(version.name, version.version, said)

    def alias_version(self, name: str, alias: str) -> str | None:
        """See `ReleaseRegistry.alias_version`."""
        with explained(f"reading the aliases of {name}"):
            found = self._client.get_registered_model(name).aliases.get(alias)
        return None if found is None else str(found)

    def point_alias(self, name: str, alias: str, version: str) -> None:
        """See `ReleaseRegistry.point_alias`."""
        with explained(f"pointing alias {alias} of {name} to {version}"):
            self._client.set_registered_model_alias(name, alias, version)

    def _log_facts(self, run_id: str, candidate: Candidate) -> None:
        mlflow.log_params({**candidate.parameters, "data_uri": candidate.data_uri})
        mlflow.log_metrics(as_metrics(candidate.metrics))
        mlflow.log_dict(dict(candidate.description), "artifact/model.json")
        metrics_file = candidate.folder / "metrics.json"
        if metrics_file.exists():
            mlflow.log_artifact(str(metrics_file), "artifact")
        for lock in self._code.locks:
            mlflow.log_artifact(str(lock), f"environment/{lock.parent.name}")
        if candidate.data_uri:
            dataset = Dataset(
                name=candidate.data_uri.rsplit("/", 1)[-1],
                digest=candidate.data_digest[:36],
                source_type="s3",
                source=f'{{"uri": "{candidate.data_uri}"}}',
            )
            context = InputTag("mlflow.data.context", "training")
            self._client.log_inputs(run_id, [DatasetInput(dataset, [context])])

    def _log_model(self, candidate: Candidate) -> Any:
        return mlflow.pyfunc.log_model(
            name="model",
            python_model=str(self._code.pyfunc_file),
            artifacts={"artifact": str(candidate.folder)},
            code_paths=[str(self._code.serving_package)],
            pip_requirements=str(self._code.serving_lock),
            signature=SIGNATURE,
            input_example=EXAMPLE,
            metadata={"training_digest": candidate.training_digest},
        )

    def _ensure_model(self, name: str) -> None:
        try:
            title = self._about.title if self._about else "Not in the catalogue"
            self._client.create_registered_model(
                name, description=f"{title}; served by the twolane container."
            )
        except MlflowException as exc:
            if exc.error_code != "RESOURCE_ALREADY_EXISTS":
                raise


def _as_registered(version: ModelVersion) -> RegisteredVersion:
    return RegisteredVersion(
        name=version.name,
        version=str(version.version),
        run_id=version.run_id or "",
        model_data_url=version.tags.get(MODEL_DATA_URL_TAG, ""),
        model_data_sha256=version.tags.get(MODEL_DATA_SHA256_TAG, ""),
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow from warning, at length, that this process could not run the model it logs.

    It is not meant to: the model has requirements, and an image, of its own.
    """
    logger = logging.getLogger("mlflow")
    before = logger.level
    logger.setLevel(logging.ERROR)
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(False)  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
        MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.unset()  # type: ignore[no-untyped-call]
