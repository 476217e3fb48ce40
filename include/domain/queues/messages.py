"""Reading a message's body: notifications of S3, and our own format."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import unquote_plus

from include.domain.errors import PoisonMessage
from include.domain.queues.lane_class import LaneClass
from include.domain.queues.requests import QueueRequest, direct_request, uploaded_request

_FOLDERS = frozenset(LaneClass)


def read_message(body: str) -> tuple[QueueRequest, ...]:
    """Return what a message asks for; nothing for a test event or the marker of a folder.

    Raises:
        PoisonMessage: no retry would make it readable; the message says what is wrong with it.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise PoisonMessage(f"not JSON: {exc}") from exc
    if not isinstance(content, dict):
        raise PoisonMessage("not a JSON object")
    if content.get("Event") == "s3:TestEvent":
        return ()
    if "Records" in content:
        return _uploads(content["Records"])
    return (direct_request(content),)


def split_message(body: str) -> tuple[str, ...]:
    """Return one body for each record of a notification."""
    return tuple(json.dumps({"Records": [each]}) for each in json.loads(body)["Records"])


def content_key(body: str) -> str:
    """Return the key of a message that names no batch."""
    return "poison-" + hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()[:24]


def _uploads(records: Any) -> tuple[QueueRequest, ...]:
    if not isinstance(records, list) or not records:
        raise PoisonMessage("a notification without records")
    found = (_upload(record) for record in records)
    return tuple(request for request in found if request is not None)


def _upload(record: Any) -> QueueRequest | None:
    try:
        event, s3 = str(record["eventName"]), record["s3"]
        bucket, entry = str(s3["bucket"]["name"]), s3["object"]
        key = unquote_plus(str(entry["key"]), errors="strict")
        etag, version_id = str(entry["eTag"]), str(entry.get("versionId", ""))
        size_bytes = int(entry.get("size", 0))
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise PoisonMessage(f"not a record of S3: {type(exc).__name__} {exc}") from exc
    if not event.startswith("ObjectCreated:"):
        raise PoisonMessage(f"event {event!r} of s3://{bucket}/{key} asks for nothing")
    if key.endswith("/") and size_bytes == 0:
        return None
    folder, _, rest = key.partition("/")
    account, separator, name = rest.partition("/")
    if folder not in _FOLDERS or not separator or not name:
        folders = " or ".join(f"{each}/<account>/" for each in LaneClass)
        raise PoisonMessage(f"s3://{bucket}/{key} does not lie under {folders}")
    return uploaded_request(
        bucket=bucket, key=key, etag=etag, version_id=version_id, account=account
    )
