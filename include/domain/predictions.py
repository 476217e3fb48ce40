"""Results. A failed document is data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from include.domain.errors import OutputIncomplete


class Stage(StrEnum):
    """Which model of a cascade answered."""

    CHEAP = "cheap"
    ENCODER = "encoder"


@dataclass(frozen=True, slots=True)
class Prediction:
    """A label for one document.

    Attributes:
        score: the model's probability of the label, 0 to 1.
        stage: which model of a cascade answered; None where the model is not a cascade.
    """

    document_id: str
    label: str
    score: float
    stage: Stage | None = None


@dataclass(frozen=True, slots=True)
class PredictionError:
    """The model's refusal of one document."""

    document_id: str | None
    code: str
    message: str


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
        return Prediction(str(record["id"]), str(record["label"]), float(record["score"]), stage)
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise OutputIncomplete(f"{source}: not a prediction line: {line[:200]!r}") from exc
