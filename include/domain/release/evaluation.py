"""What the `evaluate` command found of several models on the same documents.

The format is `include/models/contract/evaluation.schema.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CHAMPION_KEY = "champion"
"""The key of the model that is in use; every other key is a candidate's."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Documents whose scores lie above `low`, up to `high`: mean score and share answered right."""

    low: float
    high: float
    documents: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One label's figures; `support` is the documents that are truly of it."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """One model's figures.

    Attributes:
        accuracy: share answered right, 0 to 1; `macro_f1` and `ece` (expected calibration error)
            are of the same range.
        confusion: documents by true label (row) and answered label (column).
        slices: accuracy by slice.
        agreement: share that the artifact labels as the trained model does; None if not known.
        documents_per_s: all documents through the engine as it is served.
        latency_p50_ms: of one document alone, as is `latency_p99_ms`.
        answered_cheaply: share that a cascade's cheap stage answered; None without a cascade.
        data_digest: of what the model was trained on; None if the artifact does not say.
        signature: whether the artifact says what goes in and what comes out.
    """

    accuracy: float
    macro_f1: float
    ece: float
    per_class: Mapping[str, ClassFigures]
    confusion: tuple[tuple[int, ...], ...]
    reliability: tuple[ReliabilityBin, ...]
    slices: Mapping[str, float]
    agreement: float | None
    documents_per_s: float
    tokens_per_s: float
    latency_p50_ms: float
    latency_p99_ms: float
    artifact_bytes: int
    answered_cheaply: float | None
    data_digest: str | None
    signature: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Two models on the same documents; differences are the model's figure less the other's.

    Attributes:
        slice_name: which documents; None for all.
        helpful: documents that the model gets right and the other wrong; `harmful` the reverse.
        accuracy_low: one-sided lower bound of the difference, by paired bootstrap.
        p_not_inferior: exact sign test; small where the model is worse.
    """

    model: str
    against: str
    slice_name: str | None
    documents: int
    helpful: int
    harmful: int
    accuracy_difference: float
    accuracy_low: float
    macro_f1_difference: float
    macro_f1_low: float
    p_not_inferior: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything one evaluation found.

    Attributes:
        data_digest: of the documents.
        confidence: of the pairs' lower bounds, 0 to 1.
        instance_type: what it ran on; empty where that is not known. `cpu`, `cores` likewise.
        engine: which one answered: `openvino` on the CPU, `torch` on a card.
        models: by key.
    """

    documents: int
    data_digest: str
    labels: tuple[str, ...]
    confidence: float
    instance_type: str
    cpu: str
    cores: int
    engine: str
    models: Mapping[str, ModelFigures]
    pairs: tuple[Pair, ...]

    @property
    def candidates(self) -> tuple[str, ...]:
        """The keys of the candidates."""
        return tuple(key for key in self.models if key != CHAMPION_KEY)

    def pair(self, model: str, against: str) -> Pair:
        """Return the comparison of two models over all documents.

        Raises:
            ValueError: they were not compared.
        """
        for pair in self.pairs:
            if (pair.model, pair.against, pair.slice_name) == (model, against, None):
                return pair
        raise ValueError(f"{model} was not compared with {against}")

    def slice_pairs(self, model: str, against: str) -> tuple[Pair, ...]:
        """Return the comparisons of two models, one a slice."""
        return tuple(
            pair
            for pair in self.pairs
            if (pair.model, pair.against) == (model, against) and pair.slice_name is not None
        )

    @property
    def majority_share(self) -> float:
        """Share of the documents that are of the most frequent label, 0 to 1."""
        figures = next(iter(self.models.values()))
        return max(sum(row) for row in figures.confusion) / self.documents


def parse_evaluation(value: Mapping[str, Any]) -> Evaluation:
    """Return an `evaluation.json` as values.

    Raises:
        ValueError: it is not of the format.
    """
    try:
        if value["format"] != 1:
            raise ValueError(f"format {value['format']} is not known")
        hardware = value["hardware"]
        return Evaluation(
            documents=int(value["documents"]),
            data_digest=str(value["data_digest"]),
            labels=tuple(str(label) for label in value["labels"]),
            confidence=float(value["bootstrap"]["confidence"]),
            instance_type=str(hardware["instance_type"] or ""),
            cpu=str(hardware["cpu"]),
            cores=int(hardware["cores"]),
            engine=str(hardware["engine"]),
            models={key: _model(figures) for key, figures in value["models"].items()},
            pairs=tuple(_pair(pair) for pair in value["pairs"]),
        )
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"not an evaluation: {exc!r}") from exc


def _model(value: Mapping[str, Any]) -> ModelFigures:
    return ModelFigures(
        accuracy=float(value["accuracy"]),
        macro_f1=float(value["macro_f1"]),
        ece=float(value["ece"]),
        per_class={label: ClassFigures(**each) for label, each in value["per_class"].items()},
        confusion=tuple(tuple(int(n) for n in row) for row in value["confusion"]),
        reliability=tuple(ReliabilityBin(**each) for each in value["reliability"]),
        slices={name: float(each["accuracy"]) for name, each in value["slices"].items()},
        agreement=_optional(value["agreement"]),
        documents_per_s=float(value["documents_per_s"]),
        tokens_per_s=float(value["tokens_per_s"]),
        latency_p50_ms=float(value["latency_ms"]["p50"]),
        latency_p99_ms=float(value["latency_ms"]["p99"]),
        artifact_bytes=int(value["artifact_bytes"]),
        answered_cheaply=_optional(value["answered_cheaply"]),
        data_digest=value["data_digest"],
        signature=bool(value["signature"]),
    )


def _pair(value: Mapping[str, Any]) -> Pair:
    figures = {name: each for name, each in value.items() if name != "slice"}
    return Pair(slice_name=value["slice"], **figures)


def _optional(value: float | None) -> float | None:
    return None if value is None else float(value)
