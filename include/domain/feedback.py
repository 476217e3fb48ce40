"""What accounts say the right label was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from include.domain.model_ref import ModelRef


class FeedbackFault(StrEnum):
    """Why a row of feedback is set aside. The value is what the table shows."""

    UNREADABLE = "unreadable"
    UNKNOWN_ACCOUNT = "unknown_account"
    BAD_ROW = "bad_row"
    NOT_UTF8 = "not_utf8"
    MISSING_ID = "missing_id"
    MISSING_LABEL = "missing_label"
    BAD_TIME = "bad_time"
    UNKNOWN_DOCUMENT = "unknown_document"
    UNKNOWN_LABEL = "unknown_label"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    """One sound row of an upload.

    Attributes:
        row: zero-based position behind the header.
        batch_id: None for the batch that classified the document last.
        given_at: timezone-aware; None where the row does not say.
    """

    row: int
    document_id: str
    label: str
    batch_id: str | None = None
    given_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is set aside, with what is needed to find and mend it."""

    row: int
    fault: FeedbackFault
    detail: str
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class AnsweredDocument:
    """A document of a batch that a model has answered."""

    batch_id: str
    document_id: str
    model: ModelRef


@dataclass(frozen=True, slots=True)
class Feedback:
    """The right label of a document of a batch.

    Attributes:
        source: the S3 URI of the upload it came by.
    """

    account: str
    batch_id: str
    document_id: str
    label: str
    source: str
    given_at: datetime
