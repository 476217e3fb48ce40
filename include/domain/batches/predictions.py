"""Results. A failed document is data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from include.domain.errors import OutputIncomplete


class Stage(StrEnum):
    """Which model of a cascade answered."""

    CHEAP = "cheap"
    ENCODER = "encoder"


@dataclass(frozen=True, slots=True)
class HeadAnswer:
    """What a further head of a bundle says: its name, its label and the label's probability."""

    name: str
    label: str
    score: float


Heads = tuple[HeadAnswer, ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """A label for one document.

    Attributes:
        score: the model's probability of the label, 0 to 1.
        stage: which model of a cascade answered; None where the model is not a cascade.
        heads: of a bundle, what the heads after the first say, by name in order.
    """

    document_id: str
    label: str
    score: float
    stage: Stage | None = None
    heads: Heads = ()


@dataclass(frozen=True, slots=True)
class PredictionError:
    """The model's refusal of one document."""

    document_id: str | None
    code: str
    message: str


def parse_heads(said: Mapping[str, Mapping[str, Any]]) -> Heads:
    """Return what further heads say, in the order of their names.

    Raises:
        KeyError: one lacks its label or score; TypeError or ValueError: one is of another form.
    """
    return tuple(
        HeadAnswer(name, str(answer["label"]), float(answer["score"]))
        for name, answer in sorted(said.items())
    )


def heads_as_dict(heads: Heads) -> dict[str, dict[str, Any]]:
    """Return what `parse_heads` reads."""
    return {head.name: {"label": head.label, "score": head.score} for head in heads}


def parse_prediction(line: str | bytes, *, source: str) -> Prediction | PredictionError:
    """Parse one response line of the container's wire format.

    Args:
        line: one JSON object, as `include/models/contract/` defines it.
        source: the object the line stands in, for the message.

    Raises:
        OutputIncomplete: the line is not what the contract says.
    """
    try:
        record = json.loads(line)
        if "error" in record:
            error = record["error"]
            return PredictionError(record.get("id"), str(error["code"]), str(error["message"]))
        stage = Stage(record["stage"]) if "stage" in record else None
        heads = parse_heads(record.get("heads", {}))
        label, score = str(record["label"]), float(record["score"])
        return Prediction(str(record["id"]), label, score, stage, heads)
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise OutputIncomplete(f"{source}: not a prediction line: {line[:200]!r}") from exc
