"""Two versions on live batches, over fakes: which answers what is said by functions of a number."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from include.domain.batches.manifests import BatchManifest
from include.domain.comparison.comparison import Comparison, Kind, Plan
from include.domain.model_ref import ModelRef
from include.domain.money.prices import lane_price
from include.pipeline.comparison.ports import BatchSample, ServedBatch
from include.pipeline.comparison.run_comparison import (
    ComparisonPorts,
    start_comparison,
    stop_comparison,
    watch_comparison,
)
from include.pipeline.comparison.score_batch import ScoringPolicy, ScoringPorts, score_batch
from include.pipeline.comparison.write_evidence import EvidencePorts, write_evidence
from include.pipeline.lanes.serverless.run_serverless import InvocationPolicy
from include.pipeline.ports.stores import BatchClosure
from tests.support.batches import NOW, World
from tests.support.fakes import FakeEndpoint, answer_lines
from tests.support.fakes.alerts import FakeAlertBook
from tests.support.fakes.promotions import FakeAliasRegistry

CHAMPION = ModelRef("news-topic", "1", "d" * 64)
CHALLENGER = ModelRef("news-topic", "2", "e" * 64)
RIGHT, WRONG = "Sports", "World"

IsRight = Callable[[int], bool]
"""Whether a version answers the document of that number rightly."""


class TwoVersions(FakeEndpoint):
    """Answers each version's calls as that version; `refused` numbers get an error from both."""

    def __init__(self, champion: IsRight, challenger: IsRight) -> None:
        super().__init__()
        self.by_version = {CHAMPION.version: champion, CHALLENGER.version: challenger}
        self.refused: set[int] = set()

    def answers(self, version: str, body: bytes) -> bytes:
        """Answer request lines as a version does."""

        def classify(record: dict[str, object]) -> dict[str, object]:
            number = int(str(record["text"]).split()[-1])
            if number in self.refused:
                return {"id": record["id"], "error": {"code": "refused", "message": "no"}}
            label = RIGHT if self.by_version[version](number) else WRONG
            return {"id": record["id"], "label": label, "score": 0.75}

        return answer_lines(body, classify)

    def invoke(self, endpoint_name: str, body: bytes) -> bytes:
        super().invoke(endpoint_name, body)
        return self.answers(endpoint_name.rpartition("-v")[2], body)


@dataclass
class ComparisonWorld:
    """A product in which batches close, and a comparison over it."""

    champion: IsRight
    challenger: IsRight
    plan: Plan = field(default_factory=lambda: Plan(Kind.SHADOW, 0.0, 1.0, batch_documents=200))
    world: World = field(default_factory=lambda: World(shard_documents=50))
    now: datetime = NOW
    batches: int = 0

    def __post_init__(self) -> None:
        self.endpoint = TwoVersions(self.champion, self.challenger)
        self.world.registry.add("challenger", CHALLENGER)
        self.book = self.world.comparisons
        self.tags = FakeAliasRegistry()
        self.alerts = FakeAlertBook()
        self.ports = ComparisonPorts(self.world.registry, self.book, lambda: self.now)
        self.deployed: list[ModelRef] = []

    def start(self, **changes: object) -> Comparison:
        """Begin, as somebody would."""
        values: dict[str, object] = {"plan": self.plan, "model_name": "news-topic"}
        return start_comparison(
            **(values | changes),  # type: ignore[arg-type]
            started_by="jane",
            deploy=lambda challenger, champion: self.deployed.append(challenger),
            ports=self.ports,
        )

    def close_batch(
        self, documents: int = 200, *, account: str = "standard-harbor", state: str = "succeeded"
    ) -> BatchManifest:
        """Let a batch be answered by the version it pins, and close."""
        first = self.batches * 10_000
        content = "".join(
            json.dumps({"id": f"d{n}", "text": f"text number {first + n}"}) + "\n"
            for n in range(documents)
        )
        self.batches += 1
        key = f"run-{self.batches}"
        layout = self.world.validated(
            content.encode(), key=key, run_id=key, account=account, submitted_at=self.now
        )
        manifest = self.world.read_store.batches[layout.batch_id].manifest
        for shard in manifest.shards:
            body = self.world.objects.objects[layout.input_shard(shard.index)]
            answers = self.endpoint.answers(manifest.model.version, body)
            self.world.objects.put(layout.output_shard(shard.index), answers)
        closure = BatchClosure(state, "", self.now + timedelta(seconds=5), True, "")
        self.world.read_store.close_batch(manifest.batch_id, closure)
        return manifest

    def label(self, manifest: BatchManifest, documents: int = 200) -> None:
        """Say the right label of a batch's documents."""
        for n in range(documents):
            self.book.feedback[manifest.batch_id, f"d{n}"] = RIGHT

    def watch(self, comparison: Comparison) -> str:
        """Look once."""
        return watch_comparison(comparison, score=self.score, ports=self.ports)

    def stop(self) -> Comparison | None:
        """End it, as somebody would."""
        return stop_comparison("news-topic", by="jane", ports=self.ports)

    def score(self, comparison: Comparison, batch: ServedBatch, limit: int) -> BatchSample:
        """Score a batch."""
        price = lane_price("serverless-4096MB", 3600.0, self.now.date())
        policy = ScoringPolicy("twolane-work", InvocationPolicy(100, 1), price, is_emulated=True)
        objects, registry = self.world.objects, self.world.registry
        ports = ScoringPorts(objects, registry, self.endpoint, lambda: self.now)
        return score_batch(comparison, batch, limit=limit, policy=policy, ports=ports)

    def report(self) -> list[str]:
        """Write what is to be written."""
        objects, bucket = self.world.objects, "twolane-models"
        ports = EvidencePorts(
            self.book,
            objects,
            self.tags,
            self.alerts,
            bucket,
            is_emulated=True,
            now=lambda: self.now,
        )
        return write_evidence(ports)

    def ended(self, comparison: Comparison) -> Comparison:
        """The comparison as the book has it."""
        return self.book.comparisons[comparison.comparison_id]
