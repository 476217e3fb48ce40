"""A release's surroundings in memory."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from include.domain.model_ref import ModelCard, ModelRef
from include.files.release_policy import load_candidates, load_gates
from include.pipeline.release.evaluate_release import advance_evaluations
from include.pipeline.release.evidence import Evidence
from include.pipeline.release.judge_release import JudgePorts, judge_release
from include.pipeline.release.prepare_release import PreparePorts, ReleasePolicy, prepare_release
from include.pipeline.release.release_records import ReleaseRequest
from include.pipeline.release.release_report import Findings
from include.pipeline.release.train_trial import TrialPorts, advance_trial
from include.pipeline.versions.publish_version import PublishPorts
from tests.support.batches import Lane, profile
from tests.support.fakes.directories import FakeModelRegistry
from tests.support.fakes.objects import FakeObjectStore
from tests.support.fakes.promotions import FakeAliasRegistry
from tests.support.fakes.release_steps import (
    FakeEvaluationJobs,
    FakePictures,
    FakeTracking,
    FakeTrainingJobs,
)
from tests.support.fakes.releases import FakeReleaseRegistry

POLICY = Path(__file__).parents[3] / "mlflow"
BUCKET, DATA = "twolane-models", "s3://twolane-inbox/labelled.jsonl"
PLAN = load_candidates(POLICY / "candidates.toml")


class Surroundings:
    """Everything a release reaches, and figures that a test may set.

    Attributes:
        figures: of a model in the evaluation, by key; `low` is its bound against every other.
        labels_may_change: as in the gates file.
    """

    def __init__(self) -> None:
        self.objects = FakeObjectStore()
        self.registry = FakeModelRegistry(with_default=False)
        self.aliases = FakeAliasRegistry()
        self.releases = FakeReleaseRegistry()
        self.tracking = FakeTracking()
        self.training = FakeTrainingJobs(self.objects)
        self.evaluations = FakeEvaluationJobs(self.objects, self._evaluation)
        self.figures: dict[str, dict[str, Any]] = {}
        self.labels_may_change = False
        self.fit_digest = ""
        self.code_digest = "c" * 64
        self.serving_digest = "s" * 64
        self.profiles = [profile(Lane.PROCESSING), profile(Lane.TRANSFORM)]
        for number in range(1, 9):
            self.aliases.add("topics", str(number))
        self.put([f"text {number}" for number in range(2000)])

    def put(self, texts: list[str]) -> None:
        lines = [
            json.dumps({"id": str(n), "text": text, "label": "ab"[n % 2]})
            for n, text in enumerate(texts)
        ]
        self.objects.put(DATA, "\n".join(lines) + "\n")

    def has_champion(self, labels: tuple[str, ...] = ("a", "b"), version: str = "8") -> None:
        self.registry.add("champion", ModelRef("topics", version, "1" * 64), ModelCard(labels, 16))
        self.aliases.point("topics", "champion", version)

    def prepare(
        self,
        *candidates: str,
        data_uri: str = DATA,
        labels: tuple[str, ...] = (),
        split_seed: int = 0,
        reason: str = "a test",
    ) -> Evidence:
        policy = ReleasePolicy(
            allowed_buckets=frozenset({"twolane-inbox"}),
            models_bucket=BUCKET,
            plan=PLAN,
            profiles=self.profiles,
            code_digest=self.code_digest,
            serving_digest=self.serving_digest,
            is_emulated=True,
            labels_may_change=self.labels_may_change,
        )
        ports = PreparePorts(self.objects, self.registry, self.tracking, lambda: NOW)
        request = ReleaseRequest(
            "topics",
            data_uri,
            candidates,
            reason=reason,
            by="test",
            labels=labels,
            split_seed=split_seed,
        )
        planned = prepare_release(request, policy, ports)
        self.fit_digest = planned.data.fit_digest
        return Evidence.of(self.objects, BUCKET, "topics", planned.release_id)

    def train(self, evidence: Evidence) -> None:
        ports = TrialPorts(self.training, self.tracking)
        for trial in evidence.plan().trials:
            while not advance_trial(evidence, trial, models_bucket=BUCKET, ports=ports):
                pass

    def evaluate(self, evidence: Evidence) -> None:
        while not advance_evaluations(evidence, self.evaluations, self.tracking):
            pass

    def judge(self, evidence: Evidence) -> Findings:
        ports = JudgePorts(
            publish=PublishPorts(self.objects, self.releases, lambda line: None),
            aliases=self.aliases,
            tracking=self.tracking,
            pictures=FakePictures(),
        )
        file = load_gates(POLICY / "gates.toml")
        limits = replace(file, labels_may_change=self.labels_may_change)
        return judge_release(evidence, limits, models_bucket=BUCKET, ports=ports)

    def walk(self, *candidates: str) -> tuple[Evidence, Findings]:
        evidence = self.prepare(*candidates)
        self.train(evidence)
        self.evaluate(evidence)
        return evidence, self.judge(evidence)

    def _evaluation(self, keys: list[str]) -> dict[str, Any]:
        return {
            "format": 1,
            "documents": 1000,
            "data_digest": "d" * 64,
            "labels": ["a", "b"],
            "bootstrap": {"confidence": 0.95, "resamples": 1000, "seed": 0},
            "hardware": {
                "instance_type": "ml.c5.xlarge",
                "cpu": "",
                "cores": 2,
                "engine": "openvino",
            },
            "models": {key: self._model(key) for key in keys},
            "pairs": [self._pair(*pair) for pair in permutations(keys, 2)],
        }

    def _model(self, key: str) -> dict[str, Any]:
        values = {
            "accuracy": 0.9,
            "macro_f1": 0.9,
            "ece": 0.02,
            "per_class": {},
            "confusion": [[450, 50], [50, 450]],
            "reliability": [],
            "slices": {},
            "agreement": 0.99,
            "documents_per_s": 400.0,
            "tokens_per_s": 9000.0,
            "latency_ms": {"p50": 5.0, "p99": 9.0},
            "artifact_bytes": 9,
            "answered_cheaply": None,
            "data_digest": self.fit_digest,
            "signature": True,
        }
        given = self.figures.get(key, {})
        return values | {name: value for name, value in given.items() if name in values}

    def _pair(self, model: str, against: str) -> dict[str, Any]:
        low = self.figures.get(model, {}).get("low", -0.004)
        return {
            "model": model,
            "against": against,
            "slice": None,
            "documents": 1000,
            "helpful": 5,
            "harmful": 5,
            "accuracy_difference": 0.0,
            "accuracy_low": low,
            "macro_f1_difference": 0.0,
            "macro_f1_low": low,
            "p_not_inferior": 0.6,
        }


NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def world() -> Surroundings:
    return Surroundings()
