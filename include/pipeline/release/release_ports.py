"""What the release DAG's steps need of the world beside `ports`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from include.domain.release.evaluation import Evaluation
from include.domain.release.proposal import Proposal


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """One evaluation job.

    Attributes:
        name: the job's name.
        documents_prefix: S3 prefix of labelled documents.
        config_uri: S3 URI of `evaluation.json`, in a prefix of its own.
        models: S3 URI of each `model.tar.gz`, by key.
        output_prefix: S3 prefix of what the job finds.
        instance_type: where it runs; one instance.
        tags: on the job.
    """

    name: str
    documents_prefix: str
    config_uri: str
    models: Mapping[str, str]
    output_prefix: str
    instance_type: str
    tags: Mapping[str, str]


class EvaluationJobs(Protocol):
    """SageMaker Processing with the `evaluate` command."""

    def start(self, request: EvaluationRequest) -> str:
        """Start the job, or adopt what has its name; after a failure the next name is taken.

        Returns:
            The name of the job that runs or has completed.

        Raises:
            ReleaseFailed: it cannot be started.
        """
        ...

    def is_done(self, job_name: str) -> bool:
        """Whether the job has completed.

        Raises:
            ReleaseFailed: it failed, was stopped or is gone; the message carries its reason.
                `ReleaseRejected` where its program failed, and would again.
        """
        ...


class ReleaseTracking(Protocol):
    """MLflow's experiments, as far as a release shows itself there."""

    def open_run(self, model_name: str, release_id: str, params: Mapping[str, str]) -> str:
        """Return the id of the release's run, making it where there is none."""
        ...

    def log_trial(
        self,
        parent_run_id: str,
        name: str,
        params: Mapping[str, str],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
    ) -> str:
        """Return the id of a run nested under the release's; there is one a name."""
        ...

    def log_metrics(self, run_id: str, metrics: Mapping[str, float]) -> None:
        """Set metrics of a run."""
        ...

    def attach(self, run_id: str, files: Mapping[str, bytes]) -> None:
        """Add files to a run's artifacts, by path."""
        ...

    def close_run(self, run_id: str, *, succeeded: bool, tags: Mapping[str, str]) -> None:
        """End a run; a run that has ended is ended anew."""
        ...

    def note_failure(self, run_id: str, reason: str) -> None:
        """Show on a run why it did not come to its end."""
        ...

    def has_failure(self, run_id: str) -> bool:
        """Whether a run shows why it did not come to its end."""
        ...

    def forget_failure(self, run_id: str) -> None:
        """Show it no more, if it is shown."""
        ...

    def reopen_run(self, run_id: str) -> None:
        """Have a run go on that has ended; one under way stays as it is."""
        ...

    def run_url(self, run_id: str) -> str:
        """Return the page of a run."""
        ...


@dataclass(frozen=True, slots=True)
class Scene:
    """What pictures are drawn of.

    Attributes:
        evaluation: of the hardware that quality is read off.
        is_emulated: costs are said to be emulated.
    """

    model_name: str
    evaluation: Evaluation
    proposal: Proposal
    is_emulated: bool


class ReleasePictures(Protocol):
    """Pictures of a release."""

    def draw(self, scene: Scene) -> Mapping[str, bytes]:
        """Return PNG files by name, without folder."""
        ...
