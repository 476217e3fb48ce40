"""The nightly inbox: which enterprise files wait, and how they are joined into batches.

Files stand under `s3://<inbox>/nightly/<account>/`, those for another model than the default one
under `nightly/<account>/model=<name>/`. An account's small files for a model are joined, so that
one batch pays one cold start; when their batch is done they move to `nightly-done/`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from include.pipeline.ports.objects import ObjectInfo, ObjectStore

WAITING_FOLDER = "nightly/"
DONE_FOLDER = "nightly-done/"
MODEL_FOLDER = "model="


@dataclass(frozen=True, slots=True)
class WaitingBatch:
    """Files of one account to run as one batch, by one model.

    Attributes:
        key: idempotency key, from the account and the files' names and contents.
        model_name: registered model; None for the default one.
    """

    key: str
    account: str
    uris: tuple[str, ...]
    model_name: str | None = None


def find_waiting(inbox_bucket: str, *, join_bytes: int, objects: ObjectStore) -> list[WaitingBatch]:
    """Return tonight's batches, accounts in order.

    Args:
        join_bytes: an account's files for a model are joined, in name order, while their sizes
            together stay within this; a larger file is a batch of its own.
    """
    prefix = f"s3://{inbox_bucket}/{WAITING_FOLDER}"
    groups: dict[tuple[str, str], list[ObjectInfo]] = {}
    for info in objects.list_objects(prefix):
        account, separator, name = info.uri.removeprefix(prefix).partition("/")
        if separator and account and name and info.size_bytes:
            groups.setdefault((account, _model_name(name)), []).append(info)
    return [
        _waiting(account, model_name, group)
        for (account, model_name), infos in sorted(groups.items())
        for group in _join(sorted(infos, key=lambda info: info.uri), join_bytes)
    ]


def archive(uris: Iterable[str], *, inbox_bucket: str, objects: ObjectStore) -> None:
    """Move a finished batch's files out of the inbox. Doing it twice changes nothing."""
    waiting = f"s3://{inbox_bucket}/{WAITING_FOLDER}"
    for uri in uris:
        if objects.exists(uri):
            objects.move(uri, uri.replace(waiting, f"s3://{inbox_bucket}/{DONE_FOLDER}", 1))


def _join(infos: Iterable[ObjectInfo], join_bytes: int) -> Iterable[list[ObjectInfo]]:
    group: list[ObjectInfo] = []
    size = 0
    for info in infos:
        if group and size + info.size_bytes > join_bytes:
            yield group
            group, size = [], 0
        group.append(info)
        size += info.size_bytes
    if group:
        yield group


def _model_name(path: str) -> str:
    """Return the model a file's folder names; empty where it names none."""
    folder, separator, _ = path.partition("/")
    is_named = separator and folder.startswith(MODEL_FOLDER)
    return folder.removeprefix(MODEL_FOLDER) if is_named else ""


def _waiting(account: str, model_name: str, infos: list[ObjectInfo]) -> WaitingBatch:
    digest = hashlib.sha256(account.encode())
    for info in infos:
        digest.update(f"\n{info.uri} {info.etag}".encode())
    key = f"nightly-{account}-{digest.hexdigest()[:16]}"
    return WaitingBatch(key, account, tuple(info.uri for info in infos), model_name or None)
