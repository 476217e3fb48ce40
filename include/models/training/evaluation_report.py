"""`evaluation.json`: what is reported of several models' answers to the same documents. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from serving.records import Prediction, Stage

from .documents import LabelledDocument
from .metrics import evaluate, rounded
from .paired_bootstrap import PairDifference, Resampling, compare
from .reliability import expected_calibration_error, reliability
from .slices import slices_of

FORMAT = 1


@dataclass(frozen=True)
class Speed:
    """What was timed of a model.

    Attributes:
        documents_per_s: through the engine, all documents.
        tokens_per_s: the same in tokens that the model reads.
        p50_ms: of one document alone, the median.
        p99_ms: and the 99th percentile.
    """

    documents_per_s: float
    tokens_per_s: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class EvaluatedModel:
    """A model, its answers and its speed.

    Attributes:
        labels: that it can answer with.
        answers: one a document, in order.
        speed: of the same hardware for every model.
        artifact_bytes: of its archive.
        agreement: of the artifact with the trained model, 0 to 1, as training measured it.
        data_digest: of what it was trained on.
        has_signature: whether the artifact says what goes in and what comes out.
    """

    labels: tuple[str, ...]
    answers: Sequence[Prediction]
    speed: Speed
    artifact_bytes: int
    agreement: float | None
    data_digest: str | None
    has_signature: bool


@dataclass(frozen=True)
class Hardware:
    """Where the speed was measured: see the schema."""

    instance_type: str | None
    cpu: str
    cores: int
    engine: str


def report(
    documents: Sequence[LabelledDocument],
    digest: str,
    models: Mapping[str, EvaluatedModel],
    hardware: Hardware,
    how: Resampling,
) -> dict[str, Any]:
    """The content of `evaluation.json`, as `contract/evaluation.schema.json` has it.

    Args:
        documents: labelled, and fitted on by no model.
        digest: SHA-256 of their files, hex.
        models: by key.
        hardware: where they ran.
        how: the bounds.
    """
    truth = [document.label for document in documents]
    labels = sorted({*truth, *(label for model in models.values() for label in model.labels)})
    slices = slices_of(documents)
    return {
        "format": FORMAT,
        "documents": len(documents),
        "data_digest": digest,
        "labels": labels,
        "bootstrap": asdict(how),
        "hardware": asdict(hardware),
        "models": {key: _model(model, truth, labels, slices) for key, model in models.items()},
        "pairs": _pairs(models, truth, labels, slices, how),
    }


def _model(
    model: EvaluatedModel,
    truth: Sequence[str],
    labels: Sequence[str],
    slices: Mapping[str, Sequence[int]],
) -> dict[str, Any]:
    says = [answer.label for answer in model.answers]
    is_right = [said == label for said, label in zip(says, truth, strict=True)]
    figures = evaluate(truth, says, labels)
    bins = reliability([answer.score for answer in model.answers], is_right)
    return {
        "accuracy": round(figures.accuracy, 4),
        "macro_f1": round(_macro_f1([c.f1 for c in figures.per_class.values() if c.support]), 4),
        "ece": round(expected_calibration_error(bins), 4),
        "per_class": rounded(figures),
        "confusion": _confusion(truth, says, labels),
        "reliability": [
            {name: round(value, 4) for name, value in asdict(each).items()} for each in bins
        ],
        "slices": {
            name: {
                "documents": len(positions),
                "accuracy": round(sum(is_right[p] for p in positions) / len(positions), 4),
            }
            for name, positions in slices.items()
        },
        "agreement": model.agreement,
        "documents_per_s": model.speed.documents_per_s,
        "tokens_per_s": model.speed.tokens_per_s,
        "latency_ms": {"p50": model.speed.p50_ms, "p99": model.speed.p99_ms},
        "artifact_bytes": model.artifact_bytes,
        "answered_cheaply": _answered_cheaply(model.answers),
        "data_digest": model.data_digest,
        "signature": model.has_signature,
    }


def _macro_f1(of_classes: Sequence[float]) -> float:
    return sum(of_classes) / len(of_classes)


def _confusion(truth: Sequence[str], says: Sequence[str], labels: Sequence[str]) -> list[list[int]]:
    place = {label: number for number, label in enumerate(labels)}
    table = [[0] * len(labels) for _ in labels]
    for true, said in zip(truth, says, strict=True):
        table[place[true]][place[said]] += 1
    return table


def _answered_cheaply(answers: Sequence[Prediction]) -> float | None:
    if all(answer.stage is None for answer in answers):
        return None
    return round(sum(answer.stage is Stage.CHEAP for answer in answers) / len(answers), 4)


def _pairs(
    models: Mapping[str, EvaluatedModel],
    truth: Sequence[str],
    labels: Sequence[str],
    slices: Mapping[str, Sequence[int]],
    how: Resampling,
) -> list[dict[str, Any]]:
    place = {label: number for number, label in enumerate(labels)}
    parts: list[tuple[str | None, Sequence[int]]] = [(None, range(len(truth))), *slices.items()]
    found = []
    for name, positions in parts:
        differences = compare(
            [place[truth[p]] for p in positions],
            {
                key: [place[model.answers[p].label] for p in positions]
                for key, model in models.items()
            },
            len(labels),
            how,
        )
        found += [_pair(each, name, len(positions)) for each in differences]
    return found


def _pair(difference: PairDifference, slice_: str | None, documents: int) -> dict[str, Any]:
    return {
        "model": difference.model,
        "against": difference.against,
        "slice": slice_,
        "documents": documents,
        "helpful": difference.helpful,
        "harmful": difference.harmful,
        "accuracy_difference": round(difference.accuracy, 5),
        "accuracy_low": round(difference.accuracy_low, 5),
        "macro_f1_difference": round(difference.macro_f1, 5),
        "macro_f1_low": round(difference.macro_f1_low, 5),
        "p_not_inferior": round(difference.p_not_inferior, 8),
    }
