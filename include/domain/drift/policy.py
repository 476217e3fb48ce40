"""What counts as drift: a difference that is sure, and large enough to matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from include.domain.drift.features import Feature
from include.domain.model_ref import ModelRef


class Level(StrEnum):
    """How far a feature has moved. `STEADY` where chance alone may have moved it."""

    STEADY = "steady"
    SLIGHT = "slight"
    MODERATE = "moderate"
    MAJOR = "major"


_LEVELS = (Level.SLIGHT, Level.MODERATE, Level.MAJOR)

EFFECTS = (0.05, 0.1, 0.25)
"""From which PSI on a level is reached. 0.1 and 0.25 are the limits in common use (Siddiqi, 2006,
"Credit Risk Scorecards"); ours has what chance brings taken off, so that half the lower one is
worth a line."""

ACCURACY_LOSSES = (0.02, 0.05, 0.1)
"""The same for quality: loss of accuracy, 0 to 1."""


@dataclass(frozen=True, slots=True)
class DriftPolicy:
    """How accounts are watched.

    Attributes:
        max_false_discovery: of the findings of a night that are called drift, the share that may
            be chance; of nights without any drift, the share that may raise an alarm.
        min_documents: a window of fewer is not judged, nor fewer labelled documents.
        reference_days: an account's own first days become its reference once they are so many
        reference_documents: and hold so many documents.
        window_days: nights judged together, beside the last one alone.
        quality_days: feedback given within so many days is judged together.
        cool_down_days: between two releases of a model that drift asks for.
        min_labels: labelled documents of the accounts that drift; with fewer, a release would
            learn nothing new.
    """

    max_false_discovery: float = 0.01
    min_documents: int = 50
    reference_days: int = 7
    reference_documents: int = 500
    window_days: int = 7
    quality_days: int = 28
    cool_down_days: int = 7
    min_labels: int = 20


class Source(StrEnum):
    """What a window is compared with."""

    TRAINING = "training"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Stream:
    """What one account sends to one model version."""

    account: str
    model: ModelRef


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test of a night, before it is weighed against the others.

    Attributes:
        days: length of the window that was judged.
        source: what it was compared with.
        documents: looked at in the window; the reference's likewise.
        effect: PSI or its equal; of quality, loss of accuracy. See `EFFECTS`.
        p_value: of so great a difference by chance.
        note: what changed, for a person; may be empty.
    """

    stream: Stream
    feature: Feature
    days: int
    source: Source
    documents: int
    reference_documents: int
    effect: float
    p_value: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A comparison, judged among all of the night.

    Attributes:
        adjusted_p_value: the least false discovery rate at which it is called a difference.
    """

    night: date
    comparison: Comparison
    adjusted_p_value: float
    level: Level

    @property
    def is_alarm(self) -> bool:
        """Whether something has moved."""
        return self.level is not Level.STEADY


def level_of(comparison: Comparison, adjusted_p_value: float, policy: DriftPolicy) -> Level:
    """Return how far a feature has moved, where that is sure enough."""
    if adjusted_p_value > policy.max_false_discovery:
        return Level.STEADY
    limits = ACCURACY_LOSSES if comparison.feature is Feature.QUALITY else EFFECTS
    reached = [
        level for level, limit in zip(_LEVELS, limits, strict=True) if comparison.effect >= limit
    ]
    return reached[-1] if reached else Level.STEADY
