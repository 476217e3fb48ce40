"""Accounts that send documents day by day, watched by the product's own night watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from benchmarks.drift.answers import Corpora
from include.domain.drift.policy import Comparison, DriftPolicy, Level, Source, Stream
from include.domain.drift.sketch import Sketch
from include.domain.drift.windows import Day
from include.domain.model_ref import ModelRef
from include.pipeline.drift.document_features import FeatureRows
from include.pipeline.drift.watch_drift import compare_stream, judged

MODEL = ModelRef("bench-drift", "1", "d" * 64)
START = date(2026, 1, 1)
DAY_SIZES = (50, 100, 200, 500, 1_000)
RESTLESSNESS = 50.0
"""Of a restless account's days: the concentration of the Dirichlet distribution that each day's
shares of labels are drawn from. A share of 25 % then has a standard deviation of 6 points."""

Night = dict[date, list[Comparison]]


class Sender:
    """Draws the documents of one account's days."""

    def __init__(
        self,
        corpora: Corpora,
        day_size: int,
        seed: Sequence[int],
        *,
        is_restless: bool,
        strangers: FeatureRows | None = None,
    ) -> None:
        self._corpora = corpora
        self._strangers = strangers or corpora.other
        self._day_size = day_size
        self._random = np.random.default_rng(seed)
        self._is_restless = is_restless
        names = sorted(set(corpora.labels))
        truth = np.array([names.index(label) for label in corpora.labels])
        self._by_label = [np.flatnonzero(truth == index) for index in range(len(names))]
        self._shares = np.bincount(truth) / len(truth)

    def day(self, strange: float) -> Sketch:
        """Return a day of which a share, 0 to 1, is of the other source."""
        strangers = int(self._random.binomial(self._day_size, strange))
        parts = []
        if strangers:
            chosen = self._random.integers(0, len(self._strangers.lengths), strangers)
            parts.append(self._strangers.take(chosen).sketch())
        if strangers < self._day_size:
            parts.append(self._corpora.served.take(self._own(self._day_size - strangers)).sketch())
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]

    def _own(self, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        if not self._is_restless:
            return self._random.integers(0, len(self._corpora.served.lengths), count)
        shares = self._random.dirichlet(RESTLESSNESS * self._shares)
        counts = self._random.multinomial(count, shares)
        return np.concatenate(
            [self._random.choice(of, size) for of, size in zip(self._by_label, counts, strict=True)]
        )


@dataclass(frozen=True)
class FalseAlarms:
    """What a simulation without drift gave.

    Attributes:
        account_days: watched, by what they were compared with.
        alarms: of those, the days with an alarm of any level.
        nights: judged, and those with an alarm of any account.
    """

    account_days: dict[str, int]
    alarms: dict[str, int]
    nights: int
    nights_with_alarm: int


def without_drift(
    corpora: Corpora,
    training: Sketch,
    policy: DriftPolicy,
    *,
    accounts: int,
    nights: int,
    is_restless: bool,
) -> tuple[FalseAlarms, Night]:
    """Watch accounts that never change, from their first day on; return all tests as well."""
    found: Night = {}
    for account in range(accounts):
        sender = Sender(
            corpora, DAY_SIZES[account % len(DAY_SIZES)], (1, account), is_restless=is_restless
        )
        days: list[Day] = []
        for number in range(nights):
            night = START + timedelta(days=number)
            days.append(Day(night, sender.day(0.0)))
            stream = Stream(f"account-{account}", MODEL)
            found.setdefault(night, []).extend(
                compare_stream(stream, days, night, training, policy)
            )
    watched: dict[str, set[tuple[date, str]]] = {source.value: set() for source in Source}
    alarmed: dict[str, set[tuple[date, str]]] = {source.value: set() for source in Source}
    for night, comparisons in found.items():
        for finding in judged(night, comparisons, policy):
            comparison = finding.comparison
            key = (night, comparison.stream.account)
            watched[comparison.source.value].add(key)
            if finding.is_alarm:
                alarmed[comparison.source.value].add(key)
    return (
        FalseAlarms(
            {source: len(keys) for source, keys in watched.items()},
            {source: len(keys) for source, keys in alarmed.items()},
            len(found),
            len({night for keys in alarmed.values() for night, _ in keys}),
        ),
        found,
    )


def delays(
    corpora: Corpora,
    training: Sketch,
    policy: DriftPolicy,
    others: Night,
    *,
    strange: float,
    day_size: int,
    accounts: int,
    is_restless: bool,
    is_cut: bool = False,
) -> dict[str, list[int | None]]:
    """Return, by level, after how many documents of a shift it was reached; None where it was not.

    Each account is steady for as long as its reference takes, and drifts from then on. It is
    judged beside the tests of the accounts that did not.

    Args:
        strange: share of the other source's documents, 0 to 1.
        is_cut: whether those are cut to the lengths of the first source's.
    """
    found: dict[str, list[int | None]] = {"alarm": [], "major": []}
    nights = sorted(others)
    for account in range(accounts):
        sender = Sender(
            corpora,
            day_size,
            (2, day_size, account),
            is_restless=is_restless,
            strangers=corpora.cut if is_cut else corpora.other,
        )
        days: list[Day] = []
        reached: dict[str, int] = {}
        quiet = 0
        for night in nights:
            is_quiet = not _has_reference(days, policy)
            quiet += is_quiet
            days.append(Day(night, sender.day(0.0 if is_quiet else strange)))
            if is_quiet:
                continue
            levels = _levels(days, night, training, policy, others[night])
            documents = (len(days) - quiet) * day_size
            if levels - {Level.STEADY}:
                reached.setdefault("alarm", documents)
            if Level.MAJOR in levels:
                reached.setdefault("major", documents)
                break
        for level, delays_found in found.items():
            delays_found.append(reached.get(level))
    return found


def _levels(
    days: Sequence[Day],
    night: date,
    training: Sketch,
    policy: DriftPolicy,
    others: Sequence[Comparison],
) -> set[Level]:
    stream = Stream("drifting", MODEL)
    own = list(compare_stream(stream, days, night, training, policy))
    findings = judged(night, [*own, *others], policy)
    return {each.level for each in findings if each.comparison.stream == stream}


def _has_reference(days: Sequence[Day], policy: DriftPolicy) -> bool:
    documents = sum(day.sketch.documents for day in days)
    return len(days) >= policy.reference_days and documents >= policy.reference_documents
