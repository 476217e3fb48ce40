"""The page's use case: every figure of a time, and what they come to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.domain.accounts import Tier
from include.domain.curves.break_even import BreakEven, CostLine, break_evens, cost_lines, sizes
from include.domain.curves.lane_curve import LaneCurve
from include.domain.errors import QueueUnavailable
from include.domain.lanes import Lane, LaneProfile
from include.domain.money.usage import UsageKind
from include.domain.queues.lane_class import LaneClass
from include.pipeline.alerts.ports import QueueGauge, QueueGauges
from include.pipeline.curves.learn_curves import known_of
from include.pipeline.curves.ports import CurveBook
from include.pipeline.page.figures import ClosedBatch, PageFigures, Window
from include.pipeline.page.ports import PageBook

LEAST_DOCUMENTS = 10_000
"""Lines of cost reach at least so far, also where every batch was small."""

_MODEL_WORK = (UsageKind.TRAINING, UsageKind.EVALUATION, UsageKind.COMPARISON)

TOKENS_PER_DOCUMENT = 50.0
"""Assumed where no batch has closed: a headline's (AG News)."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What the time comes to, in US dollars at list price.

    Attributes:
        idle_list_cost_usd: of endpoints while nobody used them; a part of the waste, as are
            `warm_list_cost_usd`, of serverless environments kept warm that nobody called,
            `probes_list_cost_usd`, of probes that calibrated a lane, and
            `failed_list_cost_usd`, of releases' jobs and comparisons' calls that failed.
        is_emulated: some of it ran on an emulated service, which nobody bills.
    """

    list_cost_usd: float
    billed_cost_usd: float
    waste_list_cost_usd: float
    idle_list_cost_usd: float
    warm_list_cost_usd: float
    probes_list_cost_usd: float
    failed_list_cost_usd: float
    charges: int
    batches: int
    documents: int
    met: int
    missed: int
    running: int
    failed: int
    is_emulated: bool

    @property
    def attainment(self) -> float | None:
        """Share of the batches that ended by their deadline; None where none has ended."""
        ended = self.met + self.missed
        return self.met / ended if ended else None

    @property
    def per_thousand_usd(self) -> float | None:
        """List cost of a thousand documents; None without any."""
        return 1000 * self.list_cost_usd / self.documents if self.documents else None

    @property
    def waste_share(self) -> float | None:
        """Share of the list cost that gave no prediction; None where nothing was charged."""
        return self.waste_list_cost_usd / self.list_cost_usd if self.list_cost_usd else None


@dataclass(frozen=True, slots=True)
class CostCurves:
    """Expected cost a document against the size of a batch.

    Attributes:
        model_name: whose curves they are: the model most batches of the time asked for.
        tokens_per_document: mean of the batches that closed.
    """

    model_name: str
    tokens_per_document: float
    lines: tuple[CostLine, ...]
    break_evens: tuple[BreakEven, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows.

    Attributes:
        promised: by tier, the share of a week's batches that are to be in time.
        gauges: of each queue what its service says now, or why it says nothing.
    """

    at: datetime
    figures: PageFigures
    totals: Totals
    curves: CostCurves
    promised: Mapping[Tier, float]
    gauges: Mapping[LaneClass, QueueGauge | str]


def overview(
    window: Window,
    *,
    now: datetime,
    profiles: Sequence[LaneProfile],
    promised: Mapping[Tier, float],
    default_model: str,
    book: PageBook,
    curve_book: CurveBook,
    queues: Mapping[LaneClass, str],
    gauges: QueueGauges,
) -> Overview:
    """Return what the page shows of a time.

    Args:
        profiles: of the lanes file.
        promised: of the lanes file too, by tier.
        default_model: whose curves are shown where no batch has closed.
        queues: the queues' names.

    Raises:
        StoreError: the database does not answer.
    """
    figures = book.figures(window)
    models = Counter(each.model_name for each in figures.closed)
    model_name = models.most_common(1)[0][0] if models else default_model
    known = known_of(model_name, profiles=profiles, exploration_share=0.0, now=now, book=curve_book)
    curves = cost_curves(model_name, figures.closed, profiles, known.curves)
    measured = {each: _measured(name, now, gauges) for each, name in queues.items()}
    return Overview(now, figures, totals(figures), curves, promised, measured)


def _measured(queue_name: str, now: datetime, gauges: QueueGauges) -> QueueGauge | str:
    """Return a gauge; a queue that does not answer is told, and costs nobody the page."""
    try:
        return gauges.read(queue_name, now)
    except QueueUnavailable as exc:
        return str(exc)


def totals(figures: PageFigures) -> Totals:
    """Return what the figures of a time come to."""
    spend, work = figures.spend, figures.work
    wasted = {s.name: s.waste_list_cost_usd for s in figures.shares if s.facet == "kind"}
    return Totals(
        list_cost_usd=sum(each.list_cost_usd for each in spend),
        billed_cost_usd=sum(each.billed_cost_usd for each in spend),
        waste_list_cost_usd=sum(each.waste_list_cost_usd for each in spend),
        idle_list_cost_usd=wasted.get(UsageKind.ENDPOINT_TIME.value, 0.0),
        warm_list_cost_usd=wasted.get(UsageKind.PROVISIONED_CONCURRENCY.value, 0.0),
        probes_list_cost_usd=wasted.get(UsageKind.CALIBRATION.value, 0.0),
        failed_list_cost_usd=sum(wasted.get(kind.value, 0.0) for kind in _MODEL_WORK),
        charges=sum(each.charges for each in spend),
        batches=sum(each.batches for each in work),
        documents=sum(each.documents for each in work),
        met=sum(each.met for each in work),
        missed=sum(each.missed for each in work),
        running=sum(each.running for each in work),
        failed=sum(each.failed for each in work),
        is_emulated=any(each.is_emulated for each in spend),
    )


def by_lane(figures: PageFigures) -> Mapping[str, float]:
    """Return the list cost of each lane, the dearest first."""
    found: dict[str, float] = defaultdict(float)
    for each in figures.spend:
        found[each.lane] += each.list_cost_usd
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def cost_curves(
    model_name: str,
    closed: Sequence[ClosedBatch],
    profiles: Sequence[LaneProfile],
    curves: Mapping[Lane, LaneCurve],
) -> CostCurves:
    """Return what is believed of each lane, at the length of the documents that closed."""
    documents = sum(each.documents for each in closed)
    tokens = sum(each.tokens for each in closed)
    per_document = tokens / documents if documents else TOKENS_PER_DOCUMENT
    most = max([LEAST_DOCUMENTS, *(each.documents for each in closed)])
    lines = cost_lines(profiles, curves, per_document, sizes(most))
    return CostCurves(model_name, per_document, tuple(lines), tuple(break_evens(lines)))
