"""A challenger beside the champion on live work: who gets which, and how long."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from include.domain.model_ref import ModelRef

MAX_DAYS = 3_660.0
SMALLEST_SHARE = 1e-6
"""Levels and margins next to none are lost in rounding, and no number of documents proves them."""


class Kind(StrEnum):
    """What the challenger is given.

    SHADOW: documents that the champion has answered, and nobody sees its own answers.
    CANARY: in addition a share of the accounts, whose batches it answers for good.
    """

    SHADOW = "shadow"
    CANARY = "canary"


class Finding(StrEnum):
    """What a comparison says of the challenger, seen from the champion."""

    BETTER = "better"
    EQUIVALENT = "equivalent"
    WORSE = "worse"
    UNDECIDED = "undecided"

    @property
    def speaks_for_it(self) -> bool:
        """Whether the challenger may take the champion's place."""
        return self in (Finding.BETTER, Finding.EQUIVALENT)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a comparison may do, and what it asks.

    Attributes:
        account_share: of a canary, the share of accounts whose batches the challenger answers;
            0 for a shadow.
        document_share: share of the documents of closed batches that the other version answers
            besides.
        level: probability of a wrong finding, at most, however often one looks.
        margin: differences of accuracy up to this are none, 0 to 1.
        max_documents: documents scored for the comparison, at most.
        batch_documents: of them in one batch, at most: no batch alone shall decide.
        budget_usd: list cost of scoring them, at most.
        max_failed_batches: a canary ends once so many batches of the challenger failed.
        days: the comparison ends after so many, ten years at most.
    """

    kind: Kind
    account_share: float
    document_share: float
    level: float = 0.05
    margin: float = 0.02
    max_documents: int = 20_000
    batch_documents: int = 500
    budget_usd: float = 1.0
    max_failed_batches: int = 3
    days: float = 14.0

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            ValueError: a share, level or margin outside its range, a shadow that takes accounts or
                a canary that takes none, or no room for a document.
        """
        ranges = {
            "account share": (self.account_share, 0 <= self.account_share <= 1),
            "document share": (self.document_share, 0 < self.document_share <= 1),
            "level": (self.level, SMALLEST_SHARE <= self.level < 1),
            "margin": (self.margin, SMALLEST_SHARE <= self.margin < 1),
            "number of documents": (self.max_documents, self.max_documents > 0),
            "number of documents a batch": (self.batch_documents, self.batch_documents > 0),
            "budget": (self.budget_usd, self.budget_usd > 0),
            "number of failed batches": (self.max_failed_batches, self.max_failed_batches > 0),
            "number of days": (self.days, 0 < self.days <= MAX_DAYS),
        }
        for what, (value, is_within) in ranges.items():
            if not is_within:
                raise ValueError(f"a {what} of {value} is out of range")
        if (self.kind is Kind.CANARY) != (self.account_share > 0):
            raise ValueError(
                f"a {self.kind.value} cannot have {self.account_share} of the accounts"
            )


@dataclass(frozen=True, slots=True)
class Ending:
    """How a comparison ended.

    Attributes:
        reason: a sentence for a person.
        at: timezone-aware.
    """

    finding: Finding
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions of one model, side by side.

    Attributes:
        comparison_id: also the salt of its hashes: the next comparison splits anew.
        started_by: who asked for it.
        started_at: batches submitted before belong to no comparison; timezone-aware.
        ending: None while it runs.
        evidence_uri: S3 prefix of its report; empty until it is written.
    """

    comparison_id: str
    plan: Plan
    champion: ModelRef
    challenger: ModelRef
    started_by: str
    started_at: datetime
    ending: Ending | None = None
    evidence_uri: str = ""

    @property
    def model_name(self) -> str:
        """The registered model."""
        return self.champion.name

    @property
    def ends_by(self) -> datetime:
        """When it ends at the latest."""
        return self.started_at + timedelta(days=self.plan.days)

    def takes_account(self, account_id: str) -> bool:
        """Whether the challenger answers an account's batches.

        The answer depends on the comparison and the account alone, so that an account stays on
        its side.
        """
        return _position(self.comparison_id, account_id) < self.plan.account_share

    def takes_document(self, batch_id: str, document_id: str, share: float) -> bool:
        """Whether a document of a batch is among a share of its documents; always the same."""
        return _position(self.comparison_id, batch_id, document_id) < share

    def other(self, version: str) -> ModelRef:
        """Return the version that did not answer a batch.

        Raises:
            ValueError: the batch was answered by neither.
        """
        if version == self.champion.version:
            return self.challenger
        if version == self.challenger.version:
            return self.champion
        raise ValueError(f"comparison {self.comparison_id} knows no version {version}")


def new_comparison(
    plan: Plan, champion: ModelRef, challenger: ModelRef, *, started_by: str, at: datetime
) -> Comparison:
    """Return a comparison that starts now.

    Raises:
        ValueError: the versions are the same, or of two models.
    """
    if champion.name != challenger.name:
        raise ValueError(f"{challenger.label} and {champion.label} are two models")
    if champion.digest == challenger.digest:
        raise ValueError(f"{challenger.label} and {champion.label} are the same artifact")
    identity = (champion.label, champion.digest, challenger.label, challenger.digest)
    digest = hashlib.sha256("\n".join((*identity, at.isoformat())).encode()).hexdigest()
    return Comparison(f"c-{digest[:16]}", plan, champion, challenger, started_by, at)


def _position(*key: str) -> float:
    """Return where a key falls from 0 to 1, evenly over all keys."""
    digest = hashlib.sha256("\x1f".join(key).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
