"""What comparing two versions needs of the world beside `include.pipeline.ports`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from include.domain.comparison.comparison import Comparison, Ending
from include.domain.comparison.sequential_test import Evidence
from include.domain.model_ref import ModelRef
from include.domain.money.usage import UsageCharge


@dataclass(frozen=True, slots=True)
class ServedBatch:
    """A closed batch that one of the two versions has answered.

    Attributes:
        version: which.
        document_count: documents pulled, faulty ones included.
    """

    batch_id: str
    account: str
    version: str
    document_count: int


@dataclass(frozen=True, slots=True)
class PairedAnswer:
    """What both versions say of one document."""

    document_id: str
    champion_label: str
    champion_score: float
    challenger_label: str
    challenger_score: float


@dataclass(frozen=True, slots=True)
class Probe:
    """One call of the same documents to each version, both warm.

    Attributes:
        documents: in the call.
        champion_s: seconds to the champion's whole answer; `challenger_s` to the challenger's.
    """

    documents: int = 0
    champion_s: float = 0.0
    challenger_s: float = 0.0


@dataclass(frozen=True, slots=True)
class BatchSample:
    """What a batch adds to a comparison.

    Attributes:
        answers: a pair for each document taken that neither version refused.
        refused_count: the others taken.
        call_s: seconds of the endpoints' calls.
        charges: for these seconds, one a version that was called.
    """

    batch: ServedBatch
    scored_at: datetime
    answers: tuple[PairedAnswer, ...] = ()
    refused_count: int = 0
    call_s: float = 0.0
    charges: tuple[UsageCharge, ...] = ()
    probe: Probe = field(default_factory=Probe)

    @property
    def list_cost_usd(self) -> float:
        """List cost of what is charged."""
        return sum(each.list_cost for each in self.charges)


@dataclass(frozen=True, slots=True)
class Spending:
    """What a comparison has used up.

    Attributes:
        documents: taken, refused ones included.
        list_cost_usd: of scoring them.
        failed_batches: batches that the challenger was to answer and that failed.
    """

    documents: int = 0
    list_cost_usd: float = 0.0
    failed_batches: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """The batches that a version has answered since the comparison began, on every lane.

    Attributes:
        accounts: whose.
        failed_batches: those that failed, not in the figures below.
        documents: pulled.
        elapsed_s: from submission to both stores, summed over the batches.
        list_cost_usd: booked for them.
    """

    accounts: int = 0
    batches: int = 0
    failed_batches: int = 0
    documents: int = 0
    elapsed_s: float = 0.0
    list_cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is reported of a comparison.

    Attributes:
        pairs: documents by the champion's and the challenger's label.
        champion_right: of the labelled documents; `challenger_right` likewise.
        champion: batches it answered; `challenger` likewise.
        probe: sums over all probes.
        accounts: whose documents were scored.
        batches: of which documents were scored.
        refused: documents taken that one version refused.
    """

    evidence: Evidence
    spending: Spending
    pairs: Mapping[tuple[str, str], int]
    champion_right: int
    challenger_right: int
    champion: Side
    challenger: Side
    probe: Probe
    accounts: int
    batches: int
    refused: int


class Canaries(Protocol):
    """The comparisons that run, as far as a batch needs them. In Aurora."""

    def running(self, model_name: str) -> Comparison | None:
        """Return the model's comparison that runs, or None. Raises `StoreError`."""
        ...


class ComparisonBook(Canaries, Protocol):
    """Comparisons and what was learned in them. In Aurora. Every method may raise `StoreError`."""

    def open(self, comparison: Comparison) -> None:
        """Record a comparison that starts; the same again changes nothing.

        Raises:
            ComparisonRefused: another comparison of the model runs.
        """
        ...

    def all_running(self) -> Sequence[Comparison]:
        """Return every comparison that runs, oldest first."""
        ...

    def waiting(self, comparison: Comparison, *, limit: int) -> Sequence[ServedBatch]:
        """Return closed batches of either version that were not looked at yet, oldest first.

        Batches submitted before the comparison began are none of its own.
        """
        ...

    def record(self, comparison_id: str, sample: BatchSample) -> None:
        """Keep what a batch adds and book its charges, all of it or nothing.

        A batch that was recorded stays so.
        """
        ...

    def evidence(self, comparison_id: str) -> Evidence:
        """Return what both versions said so far, beside the labels that have come back."""
        ...

    def spending(self, comparison: Comparison) -> Spending:
        """Return what was used up so far."""
        ...

    def figures(self, comparison: Comparison) -> Figures:
        """Return all there is to report."""
        ...

    def end(self, comparison_id: str, ending: Ending) -> bool:
        """End a comparison; False where it had ended before, and then differently."""
        ...

    def unreported(self) -> Sequence[Comparison]:
        """Return comparisons that have ended and of which no report was written."""
        ...

    def latest(self, model_name: str) -> Comparison | None:
        """Return the model's comparison that ended last, or None."""
        ...

    def note_report(self, comparison_id: str, evidence_uri: str) -> None:
        """Record where the report stands."""
        ...


class VersionTags(Protocol):
    """MLflow, as far as showing a comparison's outcome goes."""

    def tag_version(self, name: str, version: str, tags: Mapping[str, str]) -> None:
        """Set tags of a version."""
        ...


class Deploy(Protocol):
    """Brings a version into service before live work depends on it."""

    def __call__(self, challenger: ModelRef, champion: ModelRef) -> None:
        """Deploy the challenger where the champion keeps endpoints, and try each with a call.

        Raises:
            PromotionRefused: an endpoint answers wrongly.
            EndpointUnavailable: an endpoint does not come up, or does not answer.
        """
        ...
