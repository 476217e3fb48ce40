"""An overview in the words and the order of the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from include.adapters.page.words import LANES, WASTES, named
from include.domain.accounts import Tier
from include.domain.curves.break_even import BreakEven
from include.pipeline.page.figures import (
    ClosedBatch,
    QueueDepth,
    QueueSettled,
    RecentAlert,
    RunningBatch,
    Saving,
    Share,
    Spend,
    TierWeek,
    VersionInService,
    Window,
)
from include.pipeline.page.overview import Overview, by_lane

MOST_SHARES = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A part of the whole.

    Attributes:
        name: as the stores have it; `label` is for people.
    """

    name: str
    label: str
    usd: float


@dataclass(frozen=True, slots=True)
class Change:
    """Where another lane becomes the cheapest, in words."""

    documents: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class TierLine:
    """How a tier's promise was kept: its share in time of each week that it had batches in."""

    tier: str
    promised: float
    weeks: dict[date, float]


@dataclass(frozen=True, slots=True)
class View:
    """What the template shows."""

    window: Window
    at: datetime
    days: dict[date, dict[str, float]]
    lanes: list[Line]
    accounts: list[Line]
    models: list[Line]
    waste: list[Line]
    break_evens: list[Change]
    closed: Sequence[ClosedBatch]
    left_out: int
    running: Sequence[RunningBatch]
    queues: Sequence[QueueDepth]
    settled: Sequence[QueueSettled]
    versions: Sequence[VersionInService]
    savings: Sequence[Saving]
    saved_usd: float
    gpus_emulated: bool
    alerts: Sequence[RecentAlert]
    weeks: list[date]
    tiers: list[TierLine]


def view_of(overview: Overview) -> View:
    """Return what the template shows of an overview."""
    figures, totals = overview.figures, overview.totals
    ended_well = totals.met + totals.missed - totals.failed
    return View(
        window=figures.window,
        at=overview.at,
        days=_days(figures.spend),
        lanes=[Line(lane, named(LANES, lane), usd) for lane, usd in by_lane(figures).items()],
        accounts=_shares(figures.shares, "account", "No account"),
        models=_shares(figures.shares, "model", "No model"),
        waste=[Line(w.reason, named(WASTES, w.reason), w.list_cost_usd) for w in figures.waste],
        break_evens=[_change(each) for each in overview.curves.break_evens],
        closed=figures.closed,
        left_out=max(0, ended_well - len(figures.closed)),
        running=figures.running,
        queues=figures.queues,
        settled=figures.settled,
        versions=figures.versions,
        savings=figures.savings,
        saved_usd=figures.saved_usd,
        gpus_emulated=any(each.is_emulated for each in figures.gpus),
        alerts=figures.alerts,
        weeks=sorted({each.week for each in figures.weeks}, reverse=True),
        tiers=_tiers(figures.weeks, overview.promised),
    )


def _tiers(weeks: Sequence[TierWeek], promised: Mapping[Tier, float]) -> list[TierLine]:
    """Return the tiers that had batches, the one promised least first."""
    lines = [
        TierLine(
            tier.value, share, {each.week: each.attainment for each in weeks if each.tier == tier}
        )
        for tier, share in promised.items()
    ]
    return sorted((line for line in lines if line.weeks), key=lambda line: line.promised)


def _days(spend: Iterable[Spend]) -> dict[date, dict[str, float]]:
    found: dict[date, dict[str, float]] = defaultdict(dict)
    for each in spend:
        found[each.day][each.lane] = each.list_cost_usd
    return dict(sorted(found.items(), reverse=True))


def _shares(shares: Iterable[Share], facet: str, nobody: str) -> list[Line]:
    """Return the dearest lines of a facet; what is beyond them is one line."""
    lines = [
        Line(each.name, each.name or nobody, each.list_cost_usd)
        for each in shares
        if each.facet == facet
    ]
    shown, rest = lines[:MOST_SHARES], lines[MOST_SHARES:]
    if rest:
        shown.append(Line("…", f"{len(rest)} others", sum(each.usd for each in rest)))
    return shown


def _change(each: BreakEven) -> Change:
    before, after = LANES[each.before.value], LANES[each.after.value]
    return Change(each.documents, before, after)
