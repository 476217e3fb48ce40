"""Documents, and the reasons for which one is kept out of a model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

CHARACTERS_PER_TOKEN = 4.6
"""Mean characters of one WordPiece token in English news text.

`benchmarks/token_ratio.py` measures 4.98 on the product's sample and 4.65 on AG News (3.46 on
newsgroup posts full of quoting and symbols). For routing and shard balance, never for billing.
"""

MAX_RECORD_BYTES = 4 * 10**6
"""The longest document a lane is given, as one line of JSON: what Serverless Inference takes in one
call, the narrowest of the lanes. A record over a lane's limit would cost Batch Transform its whole
file."""


class QuarantineReason(StrEnum):
    """Why a document is set aside. The value is what the stores and reports show."""

    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    BAD_ROW = "bad_row"
    MISSING_ID = "missing_id"
    DUPLICATE_ID = "duplicate_id"
    MISSING_TEXT = "missing_text"
    EMPTY_TEXT = "empty_text"
    BAD_CHARACTERS = "bad_characters"
    TOO_LONG = "too_long"
    MODEL_ERROR = "model_error"


@dataclass(frozen=True, slots=True)
class Document:
    """One text with an id; SageMaker calls it a record on the wire."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class RawDocument:
    """One row of a batch file as it was read, sound or not.

    Attributes:
        row: zero-based position in the batch, blank lines not counted.
        id: the document's id, None where the row gives none.
        text: the document's text, None where the row gives none.
        fault: what made the row unreadable as a document, None where it reads well.
        detail: a sentence for a person about the fault; empty without one.
    """

    row: int
    id: str | None
    text: str | None
    fault: QuarantineReason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class QuarantinedDocument:
    """A document set aside, with what is needed to find and mend it."""

    row: int
    id: str | None
    reason: QuarantineReason
    detail: str
    excerpt: str = ""


def estimate_tokens(text: str, max_tokens: int) -> int:
    """Return how many tokens a model will read of a text, about.

    At least 2 (the special tokens every input carries), at most `max_tokens`, where the model cuts.
    """
    return min(2 + round(len(text) / CHARACTERS_PER_TOKEN), max_tokens)
