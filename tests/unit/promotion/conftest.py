"""A model's surroundings in memory: three versions, version 1 the champion."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from include.domain.lanes import Lane
from include.domain.promotion.promotion import Promotion
from include.pipeline.promotion.promote_model import PromotionPorts, PromotionRequest, promote_model
from tests.support.fakes.objects import FakeObjectStore
from tests.support.fakes.promotions import FakeAliasRegistry, FakeEndpointLane, FakePromotionBook

NAME = "news-topic"
EVIDENCE = "s3://twolane-models/news-topic/releases/r1/"


class World:
    """Everything promoting reaches out to; `clock` is moved by hand."""

    def __init__(self) -> None:
        self.registry = FakeAliasRegistry()
        self.book = FakePromotionBook()
        self.objects = FakeObjectStore()
        self.serverless = FakeEndpointLane(Lane.SERVERLESS)
        self.asynchronous = FakeEndpointLane(Lane.ASYNC_ENDPOINT)
        self.clock = datetime(2026, 11, 2, 8, tzinfo=UTC)
        self.lines: list[str] = []
        for version in ("1", "2", "3"):
            self.registry.add(NAME, version)

    @property
    def ports(self) -> PromotionPorts:
        return PromotionPorts(
            registry=self.registry,
            book=self.book,
            objects=self.objects,
            lanes=(self.serverless, self.asynchronous),
            models_bucket="twolane-models",
            now=lambda: self.clock,
            report=self.lines.append,
        )

    @property
    def aliases(self) -> dict[str, str]:
        return self.registry.pointers[NAME]

    @property
    def kinds(self) -> list[str]:
        return [f"{row.kind.value} {row.from_version}→{row.to_version}" for row in self.book.rows]

    def promote(self, version: str, evidence_uri: str = "") -> Promotion:
        request = PromotionRequest(NAME, version, "ada", "it is better", evidence_uri)
        self.clock += timedelta(minutes=1)
        return promote_model(request, self.ports)

    def judge(
        self,
        version: str,
        *gates: tuple[str, bool, str],
        digest: str | None = None,
        against: str | None = "1",
    ) -> str:
        """Write a verdict on a version and return where its evidence stands."""
        model = self.registry.versions[NAME, version].model
        verdict = {
            "format": 1,
            "model": {"name": NAME, "version": version, "digest": digest or model.digest},
            "against": against and {"version": against},
            "passed": all(passed for _, passed, _ in gates),
            "gates": [
                {"name": name, "passed": passed, "sentence": sentence}
                for name, passed, sentence in gates
            ],
        }
        self.objects.put(f"{EVIDENCE}verdict.json", json.dumps(verdict).encode())
        return EVIDENCE


@pytest.fixture
def world() -> World:
    found = World()
    found.promote("1")
    return found
