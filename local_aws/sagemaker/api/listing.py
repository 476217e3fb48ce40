"""The filters, order and pages that every List operation shares."""

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from local_aws.sagemaker.errors import validation_exception
from local_aws.sagemaker.store import Record

_DEFAULT_PAGE = 10


def page(
    records: Iterable[Record], request: dict[str, Any], default_order: str = "Descending"
) -> tuple[list[Record], str | None]:
    """The records a List request asks for, and the token of the next page."""
    chosen = [record for record in records if _matches(record, request)]
    keys = {
        "Name": lambda record: record.name,
        "CreationTime": lambda record: record.created_s,
        "Status": lambda record: record.status,
    }
    by = request.get("SortBy", "CreationTime")
    is_descending = request.get("SortOrder", default_order) == "Descending"
    chosen.sort(key=lambda record: (keys[by](record), record.name), reverse=is_descending)
    start = _offset(request.get("NextToken"))
    end = start + int(request.get("MaxResults", _DEFAULT_PAGE))
    token = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(chosen) else None
    return chosen[start:end], token


def _matches(record: Record, request: dict[str, Any]) -> bool:
    modified_s = record.fields.get("LastModifiedTime", record.created_s)
    checks = (
        request.get("NameContains", "").lower() in record.name.lower(),
        request.get("StatusEquals") in (None, record.status),
        record.created_s >= _seconds(request.get("CreationTimeAfter"), float("-inf")),
        record.created_s <= _seconds(request.get("CreationTimeBefore"), float("inf")),
        modified_s >= _seconds(request.get("LastModifiedTimeAfter"), float("-inf")),
        modified_s <= _seconds(request.get("LastModifiedTimeBefore"), float("inf")),
    )
    return all(checks)


def _seconds(value: Any, default: float) -> float:
    if value is None:
        return default
    if isinstance(value, str):
        return datetime.fromisoformat(value).timestamp()
    return float(value)


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()))
    except ValueError as error:
        raise validation_exception("Invalid pagination token.") from error
