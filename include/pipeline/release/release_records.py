"""What a release pins when it is prepared, and what is known of its jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from include.domain.lanes import Lane
from include.domain.release.candidates import EvaluationRules, Trial


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """What a person, or a watcher of drift, asks for.

    Attributes:
        data_uri: S3 URI of the labelled documents, in an allowed bucket.
        candidates: keys of the candidates file; empty for those of the catalogue.
        parameters: hyperparameters of every trial; what a candidate fixes for itself wins, what it
            would search is not searched.
        reason: why, in a sentence.
        by: who asks.
        labels: the catalogue's, which the documents must have; empty for any.
        split_seed: another one tests on other documents, to see how much of a result is chance.
            For a model of its own: what a champion was trained on would be tested.
    """

    model_name: str
    data_uri: str
    candidates: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    by: str = ""
    labels: tuple[str, ...] = ()
    split_seed: int = 0


@dataclass(frozen=True, slots=True)
class Champion:
    """The version that was in use when the release began."""

    version: str
    digest: str
    artifact_url: str


@dataclass(frozen=True, slots=True)
class MeasuredHardware:
    """A hardware class with its instance and price.

    Attributes:
        price_usd_per_h: list price of one instance, as the lanes have it.
    """

    name: str
    lane: Lane
    instance_type: str
    price_usd_per_h: float


@dataclass(frozen=True, slots=True)
class PreparedData:
    """The labelled documents, split.

    Attributes:
        digest: sha256 of the file as submitted.
        fit_digest: sha256 of the file that training jobs read, below `fit_prefix`.
        test_prefix: documents that no training job reads.
        labels: sorted.
    """

    digest: str
    fit_prefix: str
    fit_digest: str
    fit_documents: int
    test_prefix: str
    test_documents: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedRelease:
    """A release as it was prepared; it never changes afterwards, but for who asks and why.

    Attributes:
        request: the last of those that asked for it.
        margin: of the proposal.
        champion: None where there is none that answers with the same labels.
        champion_version: that of the alias when the release began; None where there was none.
        left_out: why a candidate is not compared, and other things a person should know.
        run_id: the release's run in MLflow.
    """

    release_id: str
    request: ReleaseRequest
    data: PreparedData
    code_digest: str
    candidates: tuple[str, ...]
    parts: Mapping[str, str]
    trials: tuple[Trial, ...]
    hardware: tuple[MeasuredHardware, ...]
    evaluation: EvaluationRules
    margin: float
    champion: Champion | None
    champion_version: str | None
    left_out: Mapping[str, str]
    is_emulated: bool
    run_id: str
    prepared_at: datetime


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """A training job: asked for, and once it is done what came of it.

    Attributes:
        job: empty where the last one failed.
        artifact_uri: empty while it runs.
        accuracy: on the documents that the job held out, 0 to 1.
        has_cascade: whether the artifact has one.
        run_id: in MLflow.
    """

    job: str
    artifact_uri: str = ""
    accuracy: float = 0.0
    has_cascade: bool = False
    run_id: str = ""
