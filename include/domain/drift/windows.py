"""Which days are judged, and against which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from include.domain.drift.policy import DriftPolicy, Source
from include.domain.drift.sketch import Sketch

FIRST_NIGHTS = 60
"""An account that has not sent enough for a reference in so many nights never will: what it sent
later would be a reference that moves with what it is to judge."""


@dataclass(frozen=True, slots=True)
class Day:
    """What an account sent until a night, since the one before."""

    night: date
    sketch: Sketch


@dataclass(frozen=True, slots=True)
class Windows:
    """Samples of a night.

    Attributes:
        reference: one sketch a day; a single one for the training data.
        current: the windows that end with the night, by their length in days.
    """

    source: Source
    reference: tuple[Sketch, ...]
    current: dict[int, tuple[Sketch, ...]]


def windows_of(
    days: Sequence[Day], night: date, training: Sketch | None, policy: DriftPolicy
) -> Windows | None:
    """Return what to compare, or None where nothing was sent or there is nothing to compare with.

    An account is compared with its own first days once they are enough. Until then it is compared
    with what the model was trained on, where that is known.
    """
    past = sorted((day for day in days if day.night <= night), key=lambda day: day.night)
    own = _own_reference(past, night, policy)
    if own:
        source, reference = Source.OWN, tuple(day.sketch for day in own)
    elif training is not None:
        source, reference = Source.TRAINING, (training,)
    else:
        return None
    watched = past[len(own) :]
    if not watched or watched[-1].night != night:
        return None
    first = night - timedelta(days=policy.window_days - 1)
    lately = tuple(day.sketch for day in watched if day.night >= first)
    current: dict[int, tuple[Sketch, ...]] = {1: (watched[-1].sketch,)}
    if len(lately) > 1:
        current[policy.window_days] = lately
    kept = {
        length: sketches
        for length, sketches in current.items()
        if sum(sketch.documents for sketch in sketches) >= policy.min_documents
    }
    return Windows(source, reference, kept) if kept else None


def has_own_reference(days: Sequence[Day], night: date, policy: DriftPolicy) -> bool:
    """Whether an account is compared with itself; else what the model was trained on is needed."""
    return bool(_own_reference(sorted(days, key=lambda day: day.night), night, policy))


def _own_reference(days: Sequence[Day], night: date, policy: DriftPolicy) -> list[Day]:
    """Return the first days before a night, as many as it takes; none while they do not suffice."""
    documents = 0
    before = [day for day in days if day.night < night][:FIRST_NIGHTS]
    for count, day in enumerate(before, start=1):
        documents += day.sketch.documents
        if count >= policy.reference_days and documents >= policy.reference_documents:
            return list(days[:count])
    return []
