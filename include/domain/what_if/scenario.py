"""A fleet that might be, and the traffic it would have."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from include.domain.what_if.purchase import Purchase

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Arrival:
    """A batch that arrives.

    Attributes:
        deadline_s: seconds it may take; None for any.
    """

    at: datetime
    documents: int
    tokens: int
    deadline_s: float | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """What spot does to work.

    Attributes:
        interruptions_per_h: of an instance while it works.
        checkpoint_s: work since the last checkpoint is done again; 0 where there is none.
    """

    interruptions_per_h: float
    checkpoint_s: float


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nobody expects an instance to wait: the minimum is zero then.

    Attributes:
        from_h: hour of the day, of the arrivals' own clock, at which quiet begins; from 0 to 24.
        until_h: at which it ends; before `from_h` where quiet goes over midnight.
        weekend: Saturday and Sunday are quiet throughout.
    """

    from_h: float = 0.0
    until_h: float = 0.0
    weekend: bool = False

    def holds(self, at: datetime) -> bool:
        """Whether it is quiet at a moment."""
        if self.weekend and at.weekday() >= SATURDAY:
            return True
        hour = at.hour + at.minute / 60 + at.second / 3600
        if self.from_h <= self.until_h:
            return self.from_h <= hour < self.until_h
        return hour >= self.from_h or hour < self.until_h

    def next_change(self, after: datetime) -> datetime:
        """Return the next moment at which quiet may begin or end."""
        midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
        moments = [
            midnight + timedelta(days=day, hours=hour)
            for day in (0, 1)
            for hour in (0.0, self.from_h, self.until_h)
        ]
        return min(
            (moment for moment in moments if moment > after), default=midnight + timedelta(days=2)
        )


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fleet of one kind of instance; a batch runs on one of them, first come, first served.

    Attributes:
        tokens_per_s: throughput of an instance.
        cold_start_s: from asking for an instance to its first document.
        start_billed: whether that is billed.
        idle_s: an instance without work is kept so long.
        patience_s: another instance is started when the work that waits would take each of those
            there are longer than this; 0 starts one for each batch that waits.
        min_replicas: instances kept, but in quiet hours.
        max_replicas: instances at the most.
        spot: None where instances are never taken away.
        quiet: None where no hours are quiet.
    """

    name: str
    instance: str
    purchase: Purchase
    tokens_per_s: float
    cold_start_s: float = 0.0
    start_billed: bool = True
    idle_s: float = 0.0
    patience_s: float = 0.0
    min_replicas: int = 0
    max_replicas: int = 1
    spot: Spot | None = None
    quiet: Quiet | None = None
    seed: int = field(default=0)

    def __post_init__(self) -> None:
        if self.tokens_per_s <= 0 or not 0 <= self.min_replicas <= self.max_replicas:
            raise ValueError(f"scenario {self.name}: no such fleet")
        if self.max_replicas < 1:
            raise ValueError(f"scenario {self.name}: max_replicas must be 1 or more")

    def kept(self, at: datetime) -> int:
        """Return how many instances are kept at a moment."""
        return 0 if self.quiet is not None and self.quiet.holds(at) else self.min_replicas
