"""What watching for drift needs of the world beside `include.pipeline.ports`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from include.domain.drift.policy import Finding, Stream
from include.domain.drift.sketch import Sketch
from include.domain.drift.windows import Day
from include.domain.errors import BucketNotAllowed, ObjectMissing, ReleaseFailed, StoreError
from include.domain.model_ref import ModelRef
from include.pipeline.drift.document_features import WordVectors
from include.pipeline.versions.model_archive import ARCHIVE_SUFFIX

UNREADABLE_DATA = (ObjectMissing, BucketNotAllowed, ReleaseFailed, StoreError)
"""How the data or the artifact of one model cannot be read; where all of S3 is away, the watch's
own writing says so."""


@dataclass(frozen=True, slots=True)
class BatchProfile:
    """A batch that was looked at; `sketch` is None where nothing of it could be read."""

    batch_id: str
    stream: Stream
    night: date
    sketch: Sketch | None


@dataclass(frozen=True, slots=True)
class LabelledAnswers:
    """Answers of which the right label came back: of a window, and before it."""

    right: int
    wrong: int
    right_before: int
    wrong_before: int


@dataclass(frozen=True, slots=True)
class LabelledReference:
    """A document whose right label came back; its text stands in its batch."""

    account: str
    batch_id: str
    document_id: str
    label: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """A feature that has moved far, of an account that sends to a model version."""

    model_name: str
    model_version: str
    account: str
    night: date
    feature: str
    effect: float


@dataclass(frozen=True, slots=True)
class DriftRelease:
    """A release that drift asks for; the id makes asking twice the same."""

    run_id: str
    model_name: str
    night: date
    reason: str
    data_uri: str


@dataclass(frozen=True, slots=True)
class TrainingFacts:
    """What a version was trained on.

    Attributes:
        data_uri: S3 URI of what a training job was given: labelled documents, or an archive, of a
            bundle or of an import; empty where it was given nothing.
        accuracy: on held-out documents, None where it was not measured.
        held_out: how many those were.
    """

    data_uri: str = ""
    accuracy: float | None = None
    held_out: int = 0

    @property
    def is_made_of_models(self) -> bool:
        """Whether other models went in, no labelled documents: of a bundle and of an import."""
        return self.data_uri.endswith(ARCHIVE_SUFFIX)


@dataclass(frozen=True, slots=True)
class Unread:
    """What a watch goes without, since it cannot be read.

    Attributes:
        about: a model version's label, or the night's batches.
        reason: the error, which names the object.
        lost: what is not done for want of it, a sentence.
    """

    about: str
    reason: str
    lost: str


class TrainingRecords(Protocol):
    """MLflow, as far as it knows how a version came to be."""

    def facts(self, model: ModelRef) -> TrainingFacts:
        """Return what the version was trained on. Raises `UnknownModelAlias`."""
        ...


class WordSource(Protocol):
    """The encoder's vectors of words."""

    def of(self, artifact_url: str) -> WordVectors | None:
        """Return those of a published artifact, None where it has no encoder.

        Raises:
            ReleaseFailed: the artifact is not what it should be.
        """
        ...


class DriftBook(Protocol):
    """What was seen of accounts, night by night."""

    def unprofiled(self, since: datetime) -> list[str]:
        """Return the batches that succeeded since and were not looked at, oldest first."""
        ...

    def keep_profile(self, profile: BatchProfile) -> None:
        """Keep what was seen of a batch; the first word stands."""
        ...

    def streams(
        self, night: date, *, first_nights: int, window_days: int
    ) -> Mapping[Stream, Sequence[Day]]:
        """Return what is known of the streams that sent something for the night.

        Of each the first so many nights, and those within the window; in order.
        """
        ...

    def labelled_answers(self, night: date, *, days: int) -> Mapping[Stream, LabelledAnswers]:
        """Return how answers did whose right label came within so many days up to the night."""
        ...

    def record(self, night: date, findings: Sequence[Finding], *, report_uri: str) -> None:
        """Keep a night's findings in the place of earlier ones of the same night."""
        ...

    def alarms(self, since: date, until: date) -> list[Alarm]:
        """Return the major findings of the nights, both included, oldest first."""
        ...

    def labelled(self, model_name: str, accounts: Sequence[str]) -> list[LabelledReference]:
        """Return the documents that accounts have labelled, of a model, oldest first."""
        ...

    def releases(self, since: date) -> list[DriftRelease]:
        """Return what was asked for since."""
        ...

    def keep_release(self, release: DriftRelease) -> None:
        """Note that a release is asked for; doing it twice changes nothing."""
        ...
