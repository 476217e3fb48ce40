"""What the page reads, a class a query of `include/sql/queries/page_*.sql`; money in US dollars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """Days that are looked at, UTC, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Spend:
    """What a day cost on a lane; an empty lane is what is for no batch."""

    day: date
    lane: str
    charges: int
    list_cost_usd: float
    billed_cost_usd: float
    waste_list_cost_usd: float
    is_emulated: bool


@dataclass(frozen=True, slots=True)
class Share:
    """What an account, a model version or a kind of charge cost.

    Attributes:
        facet: `account`, `model` or `kind`: the lines of each are the whole.
        name: empty for charges that have none.
    """

    facet: str
    name: str
    list_cost_usd: float
    billed_cost_usd: float
    waste_list_cost_usd: float
    is_emulated: bool


@dataclass(frozen=True, slots=True)
class Work:
    """Batches by the day and lane they were submitted to; an empty lane: not placed."""

    day: date
    lane: str
    batches: int
    documents: int
    met: int
    missed: int
    running: int
    failed: int


@dataclass(frozen=True, slots=True)
class ClosedBatch:
    """A batch that closed well, and what it cost in all."""

    batch_id: str
    run_id: str
    account: str
    model_name: str
    lane: str
    documents: int
    tokens: int
    list_cost_usd: float
    per_document_usd: float
    deadline_met: bool
    is_emulated: bool


@dataclass(frozen=True, slots=True)
class RunningBatch:
    """A batch that runs.

    Attributes:
        miss_probability: of being late, as foreseen last, or as its lane was judged when placed.
        predicted_at: when its rows were last expected in both stores; None while no miss is
            foreseen.
        actions: what was done about it, in words; empty for nothing.
    """

    batch_id: str
    run_id: str
    account: str
    lane: str
    documents: int
    deadline_at: datetime
    miss_probability: float | None
    predicted_at: datetime | None
    actions: str


@dataclass(frozen=True, slots=True)
class ForeseenMisses:
    """Batches of which a miss was foreseen, by what became of them.

    Attributes:
        acted: something was done about it.
        met: in time after all; `missed`: not. The others are at work.
    """

    batches: int
    acted: int
    met: int
    missed: int


@dataclass(frozen=True, slots=True)
class TierWeek:
    """A tier's batches that were submitted in a week, from Monday, UTC, and due by now."""

    week: date
    tier: str
    batches: int
    met: int

    @property
    def attainment(self) -> float:
        """Share of them that were in time."""
        return self.met / self.batches


@dataclass(frozen=True, slots=True)
class LateStage:
    """A stage that ate the time of batches which missed their deadline."""

    stage: str
    batches: int


@dataclass(frozen=True, slots=True)
class Waste:
    """Instance time of lanes that gave no prediction, by reason."""

    reason: str
    list_cost_usd: float


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """Requests of a queue in a state that is not settled."""

    queue: str
    state: str
    requests: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class QueueSettled:
    """What became of a queue's requests."""

    queue: str
    committed: int
    refused: int


@dataclass(frozen=True, slots=True)
class SpotRecord:
    """Batches on spot.

    Attributes:
        interruptions: instances that were taken away.
        interrupted: batches that this happened to; `survived` of them ended well, `in_time` those
            that did by their deadline.
        held_h: instance hours on spot.
    """

    batches: int
    interruptions: int
    interrupted: int
    survived: int
    in_time: int
    held_h: float


@dataclass(frozen=True, slots=True)
class VersionInService:
    """A model's champion, or the challenger of a comparison that runs.

    Attributes:
        role: `champion` or `challenger`.
        kind: of a champion how it came to be it; of a challenger `canary` or `shadow`.
        documents: that it answered in the time; a challenger's beside the champion among them.
    """

    model_name: str
    version: str
    role: str
    kind: str
    decided_by: str
    since: datetime
    documents: int


@dataclass(frozen=True, slots=True)
class GpuPeriod:
    """What GPUs of a kind of resource did in a short time; without a look there is none.

    Attributes:
        utilisation: mean share of a GPU's time in use, 0 to 1; None where no look had the metric.
    """

    starts_at: datetime
    length: timedelta
    resource_kind: str
    utilisation: float | None
    is_emulated: bool


@dataclass(frozen=True, slots=True)
class Saving:
    """Instances that were taken away because they did nothing."""

    resource_id: str
    resource_kind: str
    reason: str
    action: str
    instance_type: str
    instances: int
    at: datetime
    list_saved_usd: float
    is_emulated: bool
    is_counting: bool


@dataclass(frozen=True, slots=True)
class RecentAlert:
    """The latest of a kind of alert.

    Attributes:
        about: the DAG, queue or lane that it is of, where those of each stand by themselves.
        alerts: how many there were; what they tell of was seen `seen` times.
    """

    kind: str
    about: str
    title: str
    detail: str
    next_step: str
    last_at: datetime
    alerts: int
    seen: int

    @property
    def name(self) -> str:
        """Of which there is one."""
        return f"{self.kind}/{self.about}" if self.about else self.kind


@dataclass(frozen=True, slots=True)
class PageFigures:
    """All of it, as it stood at one moment.

    Attributes:
        savings: the latest; `saved_usd` is of all of them, at list price.
    """

    window: Window
    spend: tuple[Spend, ...]
    shares: tuple[Share, ...]
    work: tuple[Work, ...]
    closed: tuple[ClosedBatch, ...]
    running: tuple[RunningBatch, ...]
    waste: tuple[Waste, ...]
    queues: tuple[QueueDepth, ...]
    settled: tuple[QueueSettled, ...]
    spot: SpotRecord
    versions: tuple[VersionInService, ...]
    gpus: tuple[GpuPeriod, ...]
    savings: tuple[Saving, ...]
    saved_usd: float
    alerts: tuple[RecentAlert, ...]
    foreseen: ForeseenMisses
    late_stages: tuple[LateStage, ...]
    weeks: tuple[TierWeek, ...]
