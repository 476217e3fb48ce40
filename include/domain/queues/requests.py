"""One batch that a message asks for."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from include.domain.accounts import Tier
from include.domain.batches import submission_rules as rules
from include.domain.errors import PoisonMessage
from include.domain.unicode_text import is_encodable

RUN_PREFIX = "queue-"
"""Of the ids of runs that a queue asked for."""

METADATA_PREFIX = "twolane-"
"""Of the user metadata that an uploader may set on an object (`x-amz-meta-twolane-…`)."""

_METADATA_FIELDS = {
    "tier": "tier",
    "deadline-minutes": "deadline_minutes",
    "model-alias": "model_alias",
    "model-name": "model_name",
}
_FIELDS = frozenset(
    {
        *("batch_uri", "account", "tier", "deadline_minutes", "joined_uris", "submission"),
        *("model_name", "model_alias"),
    }
)


@dataclass(frozen=True, slots=True)
class QueueRequest:
    """What a message asks for, checked as the form checks it.

    Attributes:
        key: names the request by its content: a message that comes twice has the same key.
        submission: idempotency key of the batch.
        tier: None for the account's own.
        deadline_minutes: from submission to both stores; None for the tier's own.
        model_name: registered model; None for the default one.
    """

    key: str
    submission: str
    batch_uri: str
    account: str
    tier: str | None = None
    deadline_minutes: float | None = None
    model_alias: str = rules.DEFAULT_MODEL_ALIAS
    joined_uris: tuple[str, ...] = ()
    model_name: str | None = None

    def __post_init__(self) -> None:
        _check(re.fullmatch(rules.BATCH_URI_PATTERN, self.batch_uri), "batch_uri", self.batch_uri)
        _check(re.fullmatch(rules.ACCOUNT_PATTERN, self.account), "account", self.account)
        _check(self.tier is None or self.tier in list(Tier), "tier", self.tier)
        _check(
            self.deadline_minutes is None
            or 0 < self.deadline_minutes <= rules.MAX_DEADLINE_MINUTES,
            "deadline_minutes",
            self.deadline_minutes,
        )
        _check(
            re.fullmatch(rules.MODEL_ALIAS_PATTERN, self.model_alias),
            "model_alias",
            self.model_alias,
        )
        _check(
            self.model_name is None or re.fullmatch(rules.MODEL_NAME_PATTERN, self.model_name),
            "model_name",
            self.model_name,
        )
        _check(
            0 < len(self.submission) <= rules.MAX_SUBMISSION_CHARACTERS,
            "submission",
            self.submission,
        )
        for uri in self.joined_uris:
            _check(re.fullmatch(rules.JOINED_URI_PATTERN, uri), "joined_uris", uri)
        for text in (self.submission, self.batch_uri, *self.joined_uris):
            _check(_is_storable(text), "submission or a URI", ascii(text))

    @property
    def requested_tier(self) -> Tier | None:
        """The tier asked for; None for the account's own."""
        return Tier(self.tier) if self.tier else None

    def with_metadata(self, metadata: Mapping[str, str]) -> QueueRequest:
        """Return the request with what the uploader wrote on the object.

        Raises:
            PoisonMessage: the metadata name a field that there is not, or a value out of its range.
        """
        changes: dict[str, Any] = {}
        for name, value in metadata.items():
            if name.startswith(METADATA_PREFIX):
                field = _METADATA_FIELDS.get(name.removeprefix(METADATA_PREFIX))
                if field is None:
                    raise PoisonMessage(f"batch {self.batch_uri}: unknown metadata {name!r}")
                changes[field] = _minutes(value) if field == "deadline_minutes" else value
        return replace(self, **changes) if changes else self

    def conf(self, *, submitted_at: str) -> dict[str, Any]:
        """Return the values of the inference form.

        Args:
            submitted_at: ISO 8601; the deadline counts from then.
        """
        return {
            "batch_uri": self.batch_uri,
            "account": self.account,
            "tier": self.tier,
            "deadline_minutes": self.deadline_minutes,
            "model_name": self.model_name,
            "model_alias": self.model_alias,
            "joined_uris": list(self.joined_uris),
            "submission": self.submission,
            "submitted_at": submitted_at,
        }


def run_id_of(key: str, run: int) -> str:
    """Return the id of a request's first, second, … run: the same whoever starts it."""
    return f"{RUN_PREFIX}{key}" if run == 1 else f"{RUN_PREFIX}{key}-{run}"


def uploaded_request(
    *, bucket: str, key: str, etag: str, version_id: str, account: str
) -> QueueRequest:
    """Return the request of an upload; the same version of an object gives the same one."""
    identity = hashlib.sha256(
        "\n".join((bucket, key, etag, version_id)).encode("utf-8", "surrogatepass")
    ).hexdigest()[:24]
    return QueueRequest(
        key=f"s3-{identity}",
        submission=f"s3-{identity}",
        batch_uri=f"s3://{bucket}/{key}",
        account=account,
    )


def direct_request(fields: Mapping[str, Any]) -> QueueRequest:
    """Return the request of a message in our own format: the form's fields as a JSON object.

    Without a `submission` the message's content is its own idempotency key.

    Raises:
        PoisonMessage: an unknown field, one that is missing, or a value out of its range.
    """
    if unknown := sorted(fields.keys() - _FIELDS):
        raise PoisonMessage(f"unknown field(s) {', '.join(unknown)}")
    given = {name: value for name, value in fields.items() if value is not None}
    _check_types(given)
    content = json.dumps(given, sort_keys=True)
    named = f"{given.get('account')}\n{given['submission']}" if "submission" in given else content
    identity = hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return QueueRequest(
        key=f"direct-{identity}",
        submission=given.get("submission", f"direct-{identity}"),
        batch_uri=given.get("batch_uri", ""),
        account=given.get("account", ""),
        tier=given.get("tier"),
        deadline_minutes=given.get("deadline_minutes"),
        model_alias=given.get("model_alias", rules.DEFAULT_MODEL_ALIAS),
        joined_uris=tuple(given.get("joined_uris", ())),
        model_name=given.get("model_name"),
    )


def _check_types(given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        match name:
            case "deadline_minutes":
                is_right = isinstance(value, int | float) and not isinstance(value, bool)
            case "joined_uris":
                is_right = isinstance(value, list) and all(isinstance(each, str) for each in value)
            case _:
                is_right = isinstance(value, str)
        _check(is_right, name, value)


def _is_storable(text: str) -> bool:
    """Whether PostgreSQL takes the text: no NUL, no lone surrogate."""
    return "\0" not in text and is_encodable(text)


def _minutes(value: str) -> float:
    try:
        minutes = float(value)
    except ValueError:
        minutes = math.nan
    _check(math.isfinite(minutes), "deadline_minutes", value)
    return minutes


def _check(is_right: object, field: str, value: object) -> None:
    if not is_right:
        raise PoisonMessage(f"field {field!r} cannot be {str(value)[:200]!r}")
