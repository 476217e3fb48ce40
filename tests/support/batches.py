"""A whole product over fakes, for tests of the use cases."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from include.domain.accounts import Tier
from include.domain.batches.manifests import BatchManifest, Submission
from include.domain.lane_health.breaker_state import BreakerPolicy
from include.domain.lanes import Lane, LaneProfile
from include.domain.placement.routing import Placement
from include.pipeline.batch.pull_batch import PullPolicy, PullPorts, pull_batch
from include.pipeline.batch.route_batch import route_batch
from include.pipeline.batch.validate_batch import validate_batch
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import LaneRun
from include.pipeline.lanes.health import LaneWatch
from include.pipeline.lanes.serverless.run_serverless import InvocationPolicy, run_serverless
from include.pipeline.money.budget_gate import BudgetGate
from tests.support.fakes import (
    FakeAccountDirectory,
    FakeComparisonBook,
    FakeEndpoint,
    FakeJobRunner,
    FakeModelRegistry,
    FakeObjectStore,
    FakeProofBook,
    FakeReadStore,
    FakeWriteStore,
)
from tests.support.fakes.lane_health import FakeLaneAlerts, FakeLaneHealth
from tests.support.fakes.quality import FakeQualityGate, FakeReader

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
URI = "s3://twolane-inbox/batch.jsonl"


def profile(lane: Lane, **changes: object) -> LaneProfile:
    """A lane profile with round numbers."""
    values: dict[str, object] = {
        "lane": lane,
        "instance_type": f"ml.{lane.value}",
        "cold_start_s": 1.0,
        "tokens_per_s": 1000.0,
        "price_usd_per_h": 1.0,
        "start_billed": True,
        "max_documents": None,
        "max_tokens": None,
        "source": "test",
    }
    return LaneProfile(**(values | changes))  # type: ignore[arg-type]


PROFILES = (
    profile(Lane.SERVERLESS, max_documents=10, price_usd_per_h=0.1),
    profile(Lane.PROCESSING, max_documents=100, price_usd_per_h=0.5),
    profile(Lane.TRANSFORM),
)


def documents(count: int, prefix: str = "d") -> bytes:
    """JSON Lines of `count` sound documents."""
    return b"".join(
        json.dumps({"id": f"{prefix}{i}", "text": f"text number {i}"}).encode() + b"\n"
        for i in range(count)
    )


@dataclass
class World:
    """Fakes of every port, and the first steps of a batch over them."""

    shard_documents: int = 4
    shard_tokens: int = 1_000_000
    objects: FakeObjectStore = field(default_factory=FakeObjectStore)
    registry: FakeModelRegistry = field(default_factory=FakeModelRegistry)
    accounts: FakeAccountDirectory = field(default_factory=FakeAccountDirectory)
    read_store: FakeReadStore = field(default_factory=FakeReadStore)
    write_store: FakeWriteStore = field(default_factory=FakeWriteStore)
    endpoint: FakeEndpoint = field(default_factory=FakeEndpoint)
    gate: FakeQualityGate = field(default_factory=FakeQualityGate)
    lane_health: FakeLaneHealth = field(default_factory=FakeLaneHealth)
    alerts: FakeLaneAlerts = field(default_factory=FakeLaneAlerts)
    left: list[Lane] = field(default_factory=list)
    time: datetime = NOW
    budgets: BudgetGate | None = None

    @property
    def watch(self) -> LaneWatch:
        """The health of lanes, at `time`."""
        return LaneWatch(self.lane_health, self.alerts, BreakerPolicy(), lambda: self.time)

    def __post_init__(self) -> None:
        self.runner = FakeJobRunner(self.objects)
        self.book = FakeProofBook(self.read_store)
        self.comparisons = FakeComparisonBook(self.read_store)

    def submission(self, **changes: object) -> Submission:
        values: dict[str, object] = {
            "key": "run-1",
            "batch_uris": (URI,),
            "account": "standard-harbor",
            "requested_tier": None,
            "deadline_s": None,
            "model_name": "news-topic",
            "model_alias": "champion",
            "submitted_at": NOW,
        }
        return Submission(**(values | changes))  # type: ignore[arg-type]

    def pull(
        self, content: bytes | None = None, *, run_id: str = "run-1", **changes: object
    ) -> BatchManifest:
        if content is not None:
            self.objects.put(URI, content)
        return pull_batch(
            self.submission(**changes),
            run_id=run_id,
            policy=PullPolicy(
                allowed_buckets=frozenset({"twolane-inbox"}),
                work_bucket="twolane-work",
                shard_tokens=self.shard_tokens,
                shard_documents=self.shard_documents,
                shard_characters=46_000,
                deadline_s=dict.fromkeys(Tier, 600.0),
            ),
            ports=PullPorts(
                self.objects,
                FakeReader(),
                self.registry,
                self.accounts,
                self.read_store,
                self.comparisons,
                self.budgets,
            ),
        )

    def layout(self, manifest: BatchManifest) -> BatchLayout:
        return BatchLayout("twolane-work", manifest.batch_id)

    def validated(self, content: bytes, **changes: object) -> BatchLayout:
        layout = self.layout(self.pull(content, **changes))
        validate_batch(
            layout,
            objects=self.objects,
            registry=self.registry,
            gate=self.gate,
            read_store=self.read_store,
        )
        return layout

    def routed(self, content: bytes, **changes: object) -> BatchLayout:
        layout = self.validated(content, **changes)
        self.route(layout)
        return layout

    def serve(
        self, layout: BatchLayout, documents_per_call: int = 3, *, tick_s: float = 0.0
    ) -> LaneRun:
        """Put a routed batch through the serverless lane, two calls at once.

        The clock moves `tick_s` each time it is read.
        """
        times = (NOW + timedelta(seconds=tick_s * n) for n in count())
        return run_serverless(
            layout,
            policy=InvocationPolicy(documents_per_call=documents_per_call, concurrency=2),
            now=lambda: next(times),
            objects=self.objects,
            registry=self.registry,
            endpoint=self.endpoint,
        )

    def route(self, layout: BatchLayout) -> Placement:
        return route_batch(
            layout,
            now=NOW,
            profiles=PROFILES,
            loading_documents_per_s=1000,
            objects=self.objects,
            read_store=self.read_store,
            watch=self.watch,
            leave=self.left.append,
            budgets=self.budgets,
        )
