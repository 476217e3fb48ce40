"""What goes through the container: a record in, an answer out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FaultCode(StrEnum):
    """Why one record got an error instead of a label. Part of the wire contract."""

    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_ID = "missing_id"
    MISSING_TEXT = "missing_text"
    EMPTY_TEXT = "empty_text"
    TOO_LARGE = "too_large"
    BAD_ROW = "bad_row"
    TOKENIZER_FAILED = "tokenizer_failed"
    MODEL_FAILED = "model_failed"


@dataclass(frozen=True, slots=True)
class Record:
    """One document to classify."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One record that cannot be classified.

    Attributes:
        id: the record's id, None where it could not be read.
        code: what is wrong.
        message: one sentence for a person.
    """

    id: str | None
    code: FaultCode
    message: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """One document's label and its probability, 0 to 1."""

    id: str
    label: str
    score: float


Parsed = Record | Fault
Answer = Prediction | Fault
