"""One batch on a slow lane of the embedded AWS, watched as `watch_deadlines` watches it.

The lane is Batch Transform; every answer of its containers is held up, which its curve knows
nothing of. The driver, the watch, its stores and the jobs are the product's own; time is real.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.alerts.alert_book import PostgresAlertBook
from include.adapters.postgres.batches.read_store import PostgresReadStore
from include.adapters.postgres.batches.sla_book import PostgresSlaBook
from include.adapters.postgres.database import Database
from include.adapters.postgres.money.budget_book import PostgresBudgetBook
from include.domain.accounts import Account, Tier
from include.domain.curves.lane_curve import LaneCurve
from include.domain.lanes import Lane
from include.domain.sla.events import Action, SlaEvent
from include.domain.sla.remedies import SlaPolicy
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.money.budget_gate import BudgetGate
from include.pipeline.ports.stores import BatchClosure
from include.pipeline.sla.foresee_misses import ForeseePorts, Lanes, foresee_misses
from include.pipeline.sla.report_misses import report_misses
from tests.support.local_aws import LocalAws
from tests.support.placed_batch import TOKENS, PlacedBatch

SHARDS, DOCUMENTS = 32, 5
"""Documents are texts of about five tokens; a request is a shard, a job has two in flight."""

DELAY_S = 4.0
"""By which each answer is held up."""

DEADLINE_S = 48.0
EXPECTED_S = 8.0
"""What the curve says that the whole batch takes, its start apart."""

START_S = 2.0
LOOK_S = 1.0
LOADING_DOCUMENTS_PER_S = 2_000.0


@dataclass
class Played:
    """How a batch came out.

    Attributes:
        timeline: what happened, with seconds since the batch was submitted.
        took_s: until every shard had its output; None where it was stopped before.
        met: whether that was in time.
    """

    events: list[SlaEvent] = field(default_factory=list)
    timeline: list[tuple[float, str]] = field(default_factory=list)
    took_s: float | None = None
    met: bool = False
    jobs: int = 0


class BatchAtRisk:
    """One batch, its deadline, and what may be done about it.

    Args:
        actions: may be done unasked; none to have it reported alone.
    """

    def __init__(
        self, cloud: LocalAws, database_url: str, folder: Path, actions: frozenset[Action]
    ) -> None:
        folder.mkdir(parents=True)
        self.batch = PlacedBatch(
            cloud,
            Lane.TRANSFORM,
            (DOCUMENTS,) * SHARDS,
            folder,
            deadline_s=DEADLINE_S,
            tokens_per_s=SHARDS * DOCUMENTS * TOKENS / EXPECTED_S,
            cold_start_s=START_S,
        )
        self._policy = SlaPolicy(0.2, actions, 4)
        self._database = Database(database_url)
        self._book = PostgresSlaBook(self._database)
        self._alerts = PostgresAlertBook(self._database, quiet=timedelta(hours=6))
        self._budgets = BudgetGate(PostgresBudgetBook(self._database), lambda: datetime.now(UTC))
        self._store = PostgresReadStore(self._database)
        self._played = Played()
        self.manifest = self.batch.records.manifest()
        PostgresAccountDirectory(self._database).put(
            [Account(self.manifest.account, Tier.STANDARD)]
        )
        self._store.open_batch(self.manifest, run_id="deadline")

    def fault(self) -> dict[str, object]:
        """What makes the lane slow, for all of the batch's jobs."""
        return {
            "kind": "slow_answer",
            "resource": f"twolane-transform-{self.batch.layout.batch_id}*",
            "delay_s": DELAY_S,
            "times": 0,
        }

    def play(self, *, until_miss: bool = False) -> Played:
        """Drive the batch and watch it, until it is done.

        Args:
            until_miss: stop it as soon as its miss is reported.
        """
        try:
            self._play(until_miss)
        finally:
            self._database.close()
        return self._played

    def _play(self, until_miss: bool) -> None:
        looked_at, message = 0.0, ""
        while not (progress := self.batch.driver().advance()).is_done:
            if progress.message != message:
                message = progress.message
                self._say(message.partition(":")[0])
            if time.monotonic() - looked_at >= LOOK_S:
                looked_at = time.monotonic()
                missed = self._watch()
                if missed and until_miss:
                    self.batch.driver().stop()
                    return
            time.sleep(progress.look_again_s)
        now = datetime.now(UTC)
        self._played.took_s = (now - self.manifest.submitted_at).total_seconds()
        self._played.met = now <= self.manifest.deadline_at
        self._played.jobs = len(self.batch.records.lane_runs())
        closure = BatchClosure("succeeded", "", now, self._played.met, "")
        self._store.close_batch(self.manifest.batch_id, closure)
        self._say(f"every output stands; the deadline is {'met' if self._played.met else 'missed'}")
        self._watch()

    def _watch(self) -> bool:
        """Look once, as the two sensors do; return whether a miss was reported."""
        now = datetime.now(UTC)
        foreseen = foresee_misses(
            self._layout,
            now=now,
            policy=self._policy,
            lanes=Lanes([self.batch.profile()], LOADING_DOCUMENTS_PER_S),
            ports=ForeseePorts(
                self.batch.objects, self._book, self._alerts, self._curves, self._budgets
            ),
        )
        missed = report_misses(
            self._layout,
            now=now,
            loading_documents_per_s=LOADING_DOCUMENTS_PER_S,
            objects=self.batch.objects,
            book=self._book,
            alerts=self._alerts,
        )
        for event in (*foreseen, *missed):
            self._say(f"{event.kind.value}: {event.detail}")
            self._played.events.append(event)
        return bool(missed)

    def _layout(self, batch_id: str) -> BatchLayout:
        return BatchLayout(self.batch.layout.work_bucket, batch_id)

    def _curves(self, model_name: str) -> Mapping[Lane, LaneCurve]:
        return {Lane.TRANSFORM: LaneCurve.assumed(self.batch.profile(), model_name)}

    def _say(self, text: str) -> None:
        elapsed_s = (datetime.now(UTC) - self.manifest.submitted_at).total_seconds()
        self._played.timeline.append((elapsed_s, text))
