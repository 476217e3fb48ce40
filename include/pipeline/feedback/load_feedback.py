"""Feedback that waits in the inbox: read, checked against what was answered, kept.

Files stand under `s3://<inbox>/feedback/<account>/`, as CSV with a header: `document_id` and
`label`, and where they are known `batch_id` and `given_at`. A file that was read moves to
`feedback-done/`; one that was uploaded anew meanwhile stays for the next time. A row that cannot be
used is set aside with its reason; the others count.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from include.domain.errors import EmptyBatch, UnknownAccount, UnknownModelAlias, UnreadableBatch
from include.domain.feedback import (
    AnsweredDocument,
    Feedback,
    FeedbackFault,
    FeedbackRow,
    RefusedRow,
)
from include.pipeline.feedback.ports import FeedbackBook, FeedbackReader
from include.pipeline.ports.directories import AccountDirectory, ModelRegistry
from include.pipeline.ports.objects import ObjectInfo, ObjectStore

WAITING_FOLDER = "feedback/"
DONE_FOLDER = "feedback-done/"
ROWS_AT_ONCE = 5_000
CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FeedbackPorts:
    """What taking feedback needs of the world."""

    objects: ObjectStore
    reader: FeedbackReader
    accounts: AccountDirectory
    registry: ModelRegistry
    book: FeedbackBook


@dataclass(frozen=True, slots=True)
class LoadedUpload:
    """What became of one file: rows kept, rows set aside."""

    uri: str
    account: str
    kept: int
    refused: int


def load_feedback(inbox_bucket: str, *, now: datetime, ports: FeedbackPorts) -> list[LoadedUpload]:
    """Load every file that waits, in name order. Doing it twice changes nothing.

    Raises:
        StoreError: the database refuses; the file at hand stays where it is.
    """
    prefix = f"s3://{inbox_bucket}/{WAITING_FOLDER}"
    loaded = []
    for info in ports.objects.list_objects(prefix):
        account, separator, name = info.uri.removeprefix(prefix).partition("/")
        if separator and account and name:
            loaded.append(_load(info, account, now, ports))
            if info in ports.objects.list_objects(info.uri):
                done = f"s3://{inbox_bucket}/{DONE_FOLDER}"
                ports.objects.move(info.uri, info.uri.replace(prefix, done, 1))
    return loaded


def _load(info: ObjectInfo, account: str, now: datetime, ports: FeedbackPorts) -> LoadedUpload:
    uri, kept, refused = info.uri, 0, 0
    with tempfile.TemporaryDirectory(prefix="twolane-feedback-") as folder:
        path = Path(folder) / "upload"
        ports.objects.download(uri, path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        for good, bad in _judged(path, info, account, now, ports):
            ports.book.put(good)
            ports.book.quarantine(account, bad, uri=uri, digest=digest)
            kept += len(good)
            refused += len(bad)
    return LoadedUpload(uri, account, kept, refused)


def _judged(
    path: Path, info: ObjectInfo, account: str, now: datetime, ports: FeedbackPorts
) -> Iterator[tuple[list[Feedback], list[RefusedRow]]]:
    """Yield rows that count and rows that do not, some thousands at a time.

    A label whose row names no time was given when its file was uploaded, whenever that is read.
    """
    said: dict[tuple[str, str], str] = {}
    judged = 0
    try:
        ports.accounts.get(account)
        rows = ports.reader.read(path, uri=info.uri)
        while part := list(islice(rows, ROWS_AT_ONCE)):
            good: list[Feedback] = []
            bad = [row for row in part if isinstance(row, RefusedRow)]
            sound = [row for row in part if isinstance(row, FeedbackRow)]
            answered = ports.book.answered(account, sound)
            for row in sound:
                about = answered.get(row.row)
                refusal = _refusal(row, about, said, now, ports.registry)
                if refusal or about is None:
                    bad.append(refusal or _unknown(row))
                    continue
                said[about.batch_id, about.document_id] = row.label
                good.append(
                    Feedback(
                        account,
                        about.batch_id,
                        about.document_id,
                        row.label,
                        info.uri,
                        row.given_at or info.modified_at,
                    )
                )
            judged += len(part)
            yield good, bad
    except UnknownAccount as exc:
        yield [], [RefusedRow(0, FeedbackFault.UNKNOWN_ACCOUNT, str(exc))]
    except (UnreadableBatch, EmptyBatch) as exc:
        yield [], [RefusedRow(judged, FeedbackFault.UNREADABLE, str(exc))]


def _unknown(row: FeedbackRow) -> RefusedRow:
    where = f"batch {row.batch_id!r}" if row.batch_id else "any batch of the account"
    return RefusedRow(
        row.row,
        FeedbackFault.UNKNOWN_DOCUMENT,
        f"document {row.document_id!r} has no answer in {where}",
        row.document_id,
    )


def _refusal(
    row: FeedbackRow,
    about: AnsweredDocument | None,
    said: dict[tuple[str, str], str],
    now: datetime,
    registry: ModelRegistry,
) -> RefusedRow | None:
    if about is None:
        return _unknown(row)
    if row.given_at is not None and row.given_at > now + CLOCK_SKEW:
        detail = f"given_at {row.given_at.isoformat()} has not come yet"
        return RefusedRow(row.row, FeedbackFault.BAD_TIME, detail, row.document_id)
    try:
        labels = registry.card(about.model).labels
    except UnknownModelAlias as exc:
        return RefusedRow(row.row, FeedbackFault.UNKNOWN_LABEL, str(exc), row.label)
    if row.label not in labels:
        detail = f"{about.model.label} knows no label {row.label!r}; it knows {', '.join(labels)}"
        return RefusedRow(row.row, FeedbackFault.UNKNOWN_LABEL, detail, row.label)
    before = said.get((about.batch_id, about.document_id), row.label)
    if before != row.label:
        detail = f"document {row.document_id!r} was labelled {before!r} earlier in the file"
        return RefusedRow(row.row, FeedbackFault.CONTRADICTED, detail, row.label)
    return None
