"""Evaluations with figures that a test chooses."""

from __future__ import annotations

from typing import Any

from include.domain.release.evaluation import CHAMPION_KEY, Evaluation, ModelFigures, Pair

DIGEST = "ab" * 32


def figures(**changes: Any) -> ModelFigures:
    """A model that passes every gate by itself, in the middle of what is allowed."""
    values: dict[str, Any] = {
        "accuracy": 0.9,
        "macro_f1": 0.9,
        "ece": 0.03,
        "per_class": {},
        "confusion": ((450, 50), (50, 450)),
        "reliability": (),
        "slices": {},
        "agreement": 0.99,
        "documents_per_s": 400.0,
        "tokens_per_s": 20_000.0,
        "latency_p50_ms": 5.0,
        "latency_p99_ms": 10.0,
        "artifact_bytes": 1,
        "answered_cheaply": None,
        "data_digest": DIGEST,
        "signature": True,
    }
    return ModelFigures(**{**values, **changes})


def pair(model: str, against: str = CHAMPION_KEY, **changes: Any) -> Pair:
    """A comparison that finds no difference."""
    values: dict[str, Any] = {
        "slice_name": None,
        "documents": 1000,
        "helpful": 20,
        "harmful": 20,
        "accuracy_difference": 0.0,
        "accuracy_low": -0.008,
        "macro_f1_difference": 0.0,
        "macro_f1_low": -0.009,
        "p_not_inferior": 0.56,
    }
    return Pair(model=model, against=against, **{**values, **changes})


def evaluation(models: dict[str, ModelFigures], *pairs: Pair) -> Evaluation:
    """One evaluation of a thousand documents of two labels."""
    return Evaluation(
        documents=1000,
        data_digest="cd" * 32,
        labels=("a", "b"),
        confidence=0.95,
        instance_type="ml.c5.xlarge",
        cpu="test",
        cores=2,
        engine="openvino",
        models=models,
        pairs=pairs,
    )
