"""What the gates are asked, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from include.domain.release.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class GateResult:
    """What one gate says.

    Attributes:
        name: the gate's.
        passed: whether the model may pass.
        measured: what was found; None where the gate had nothing to measure.
        limit: what is allowed, in the unit of `measured`; None likewise.
        sentence: for a person, with by how much it passed or failed.
    """

    name: str
    passed: bool
    measured: float | None
    limit: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class GateLimits:
    """What the gates allow; `mlflow/gates.toml` says what each is for.

    Attributes:
        accuracy_margin: accuracy that may be lost against the champion, 0 to 1.
        macro_f1_margin: macro-F1 that may be lost, 0 to 1.
        max_ece: highest expected calibration error, 0 to 1.
        max_p99_ms: highest p99 of one document alone, on every hardware class that was measured.
        max_usd_per_million: highest list cost of a million documents, on the cheapest class.
        slice_min_documents: smaller slices are not judged.
        slice_level: chance of any false alarm over all slices, 0 to 1.
        slice_tolerance: accuracy that a slice may lose, 0 to 1, however sure the loss is.
        min_agreement: least share that the artifact labels as the trained model does, 0 to 1.
        labels_may_change: whether a model may answer with other labels than the champion, which
            is then compared with nothing.
    """

    accuracy_margin: float
    macro_f1_margin: float
    max_ece: float
    max_p99_ms: float
    max_usd_per_million: float
    slice_min_documents: int
    slice_level: float
    slice_tolerance: float
    min_agreement: float
    labels_may_change: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """The candidate that is judged, and what is known of it.

    Attributes:
        key: in the evaluations.
        evaluations: by hardware class; quality is read off the first.
        usd_per_million: list cost of a million documents, by hardware class.
        fit_digest: of the data that it should have been trained on.
        sha256: of its published artifact; empty where there is none.
        not_compared: why there is a champion that it was not compared with; empty otherwise.
    """

    key: str
    evaluations: Mapping[str, Evaluation]
    usd_per_million: Mapping[str, float]
    fit_digest: str
    sha256: str
    not_compared: str = ""

    @property
    def quality(self) -> Evaluation:
        """The evaluation that quality is read off."""
        return next(iter(self.evaluations.values()))
