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


class Stage(StrEnum):
    """Which model of a cascade answered. Part of the wire contract."""

    CHEAP = "cheap"
    ENCODER = "encoder"


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
class HeadAnswer:
    """What a further head of a bundle says: its name, a label of its, and the probability."""

    name: str
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """One document's label.

    Attributes:
        id: the record's id.
        label: one of the model's labels.
        score: its probability, 0 to 1.
        stage: which model of a cascade answered; None where the model is not a cascade.
        heads: of a bundle, what the heads after the first say.
    """

    id: str
    label: str
    score: float
    stage: Stage | None = None
    heads: tuple[HeadAnswer, ...] = ()


Parsed = Record | Fault
Answer = Prediction | Fault
