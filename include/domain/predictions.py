"""Results. A failed document is data."""

from __future__ import annotations

import json
from dataclasses import dataclass

from include.domain.errors import OutputIncomplete


@dataclass(frozen=True, slots=True)
class Prediction:
    """A label for one document; `score` is the model's probability of it, 0 to 1."""

    document_id: str
    label: str
    score: float


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
        return Prediction(str(record["id"]), str(record["label"]), float(record["score"]))
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise OutputIncomplete(f"{source}: not a prediction line: {line[:200]!r}") from exc
