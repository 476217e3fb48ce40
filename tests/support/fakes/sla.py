"""SlaBook in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from include.domain.batches.manifests import BatchManifest
from include.domain.sla.events import SlaEvent, SlaKind
from include.domain.sla.objectives import WeekOfTier
from include.pipeline.ports.stores import BatchClosure
from include.pipeline.sla.ports import DueBatch


@dataclass
class FakeSlaBook:
    """Batches by id as `batches`, what was noted as `noted`."""

    batches: dict[str, DueBatch] = field(default_factory=dict)
    noted: list[SlaEvent] = field(default_factory=list)
    met: set[str] = field(default_factory=set)

    def open(self, manifest: BatchManifest) -> None:
        """Have a batch run."""
        self.batches[manifest.batch_id] = DueBatch(
            manifest.batch_id,
            manifest.account,
            manifest.tier,
            manifest.submitted_at,
            manifest.deadline_at,
        )

    def close(self, batch_id: str, closure: BatchClosure) -> None:
        """End a batch."""
        self.batches[batch_id] = replace(
            self.batches[batch_id],
            state=closure.state,
            closed_at=closure.closed_at,
            message=closure.message,
        )
        if closure.deadline_met:
            self.met.add(batch_id)

    def running(self) -> Sequence[DueBatch]:
        found = [each for each in self.batches.values() if each.state == "running"]
        return sorted(found, key=lambda each: each.deadline_at)

    def unreported_misses(self, since: datetime, now: datetime) -> Sequence[DueBatch]:
        known = {each.batch_id for each in self.noted if each.kind is SlaKind.MISS}
        return [
            each
            for each in self.batches.values()
            if since <= each.deadline_at < now and each.batch_id not in known | self.met
        ]

    def note(self, event: SlaEvent) -> bool:
        key = (event.batch_id, event.kind, event.action)
        if any((each.batch_id, each.kind, each.action) == key for each in self.noted):
            return False
        self.noted.append(event)
        return True

    def events(self, batch_id: str) -> Sequence[SlaEvent]:
        return [each for each in self.noted if each.batch_id == batch_id]

    def attainment(self, since: datetime, now: datetime) -> Sequence[WeekOfTier]:
        groups = defaultdict(list)
        for each in self.batches.values():
            if each.submitted_at >= since and (each.closed_at or each.deadline_at < now):
                day = each.submitted_at.astimezone(UTC).date()
                groups[day - timedelta(days=day.weekday()), each.tier].append(each)
        return [self._week(*key, batches) for key, batches in groups.items()]

    def _week(self, week, tier, batches) -> WeekOfTier:  # type: ignore[no-untyped-def]
        took = [
            (each.closed_at - each.submitted_at).total_seconds()
            for each in batches
            if each.state == "succeeded"
        ]
        p50, p95 = np.percentile(took, [50, 95]) if took else (None, None)
        met = sum(each.batch_id in self.met for each in batches)
        failed = sum(each.state == "failed" for each in batches)
        return WeekOfTier(week, tier, len(batches), met, failed, p50, p95)
