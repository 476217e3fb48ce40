"""What releasing a model needs of the world beside `include.pipeline.ports`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from include.domain.model_ref import ModelCard


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """One training job.

    Attributes:
        name: the job's name, made from the digest of all that goes into it.
        data_prefix: S3 prefix of the training channel.
        output_prefix: S3 prefix that receives `<job>/output/model.tar.gz`.
        parameters: hyperparameters.
        tags: on the job.
        instance_type: where it runs; the site's own choice when empty.
    """

    name: str
    data_prefix: str
    output_prefix: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    instance_type: str = ""


class TrainingJobs(Protocol):
    """SageMaker training."""

    def run(self, request: TrainingRequest) -> str:
        """Return the S3 URI of the job's `model.tar.gz` once the job is done.

        A job of that name which runs or has completed is adopted; after one that failed or was
        stopped, a new attempt is made under the next name.

        Raises:
            ReleaseFailed: the job failed; the message carries its failure reason.
        """
        ...

    def start(self, request: TrainingRequest) -> str:
        """Do the same without waiting; return the name of the job that runs or is done.

        Raises:
            ReleaseFailed: the job cannot be started.
        """
        ...

    def artifact(self, job_name: str) -> str | None:
        """Return the S3 URI of a job's `model.tar.gz`, None while it runs.

        Raises:
            ReleaseFailed: the job failed, was stopped or is gone; `ReleaseRejected` where its
                program failed, and would again.
        """
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trained model about to be registered.

    Attributes:
        name: registered model name.
        training_digest: of the data, the code and the parameters; one version each.
        folder: the unpacked artifact.
        description: the content of its `model.json`.
        metrics: numbers to show and compare.
        parameters: what the training was told.
        data_uri: where the training data stands.
        data_digest: sha256 of the training data.
        source: what made the artifact: the training job's URI of it, or the format's name.
        parent_run_id: the release's run, under which the candidate's own is nested; empty for none.
    """

    name: str
    training_digest: str
    folder: Path
    description: Mapping[str, Any]
    metrics: Mapping[str, float]
    parameters: Mapping[str, str]
    data_uri: str
    data_digest: str
    source: str
    parent_run_id: str = ""


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """One version in the registry; `model_data_url` and its sha256 are empty until published."""

    name: str
    version: str
    run_id: str
    model_data_url: str = ""
    model_data_sha256: str = ""


class ReleaseRegistry(Protocol):
    """MLflow, as far as a release writes to it."""

    def find(self, name: str, training_digest: str) -> RegisteredVersion | None:
        """Return the version that was made from this digest, or None."""
        ...

    def register(self, candidate: Candidate) -> RegisteredVersion:
        """Log a run with all that made the model, and register a new version of it."""
        ...

    def publish(
        self, version: RegisteredVersion, *, url: str, sha256: str, card: ModelCard
    ) -> None:
        """Record on the version where its served artifact stands."""
        ...

    def alias_version(self, name: str, alias: str) -> str | None:
        """Return the version an alias points to, or None."""
        ...

    def point_alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias to a version."""
        ...
