"""The labelled documents of the training channel, and their split. Pure but for reading."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


class TrainingDataError(ValueError):
    """The training channel cannot be learned from; the message names the file and line."""


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """One labelled document.

    Attributes:
        id: its name.
        text: starts with its title where it has one.
        label: what it truly is.
        slice: a part of the documents that it says it belongs to, None where it does not.
    """

    id: str
    text: str
    label: str
    slice: str | None = None


@dataclass(frozen=True)
class Split:
    """Documents to fit on, and documents that nothing is fitted on."""

    train: list[LabelledDocument]
    held_out: list[LabelledDocument]


def channel_files(channel: Path) -> list[Path]:
    """The channel's JSON Lines files, in name order.

    Raises:
        TrainingDataError: there is none.
    """
    files = sorted(channel.rglob("*.jsonl"))
    if not files:
        raise TrainingDataError(f"{channel}: the training channel holds no .jsonl file")
    return files


def read_documents(files: Iterable[Path]) -> list[LabelledDocument]:
    """Read `{"id", "text", "label", "title"?}` lines.

    Raises:
        TrainingDataError: a line is not such an object.
    """
    documents = []
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), start=1):
            if line.strip():
                documents.append(_parse(line, f"{file.name}:{number}"))
    return documents


def data_digest(files: Iterable[Path]) -> str:
    """SHA-256, hex, over the files' bytes in order."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def split_documents(documents: Sequence[LabelledDocument], held_out_percent: int) -> Split:
    """Split by a hash of each document's id.

    A document keeps its side whatever is added to the data later, so a new model is never tested
    on what an earlier one was fitted on.

    Raises:
        TrainingDataError: a side is empty, or a label of the held-out side is never fitted on.
    """
    split = Split([], [])
    for document in documents:
        held_out = hash_bucket(document.id) < held_out_percent
        (split.held_out if held_out else split.train).append(document)
    if not split.train or not split.held_out:
        raise TrainingDataError(
            f"{len(documents)} documents split into {len(split.train)} to fit on and "
            f"{len(split.held_out)} held out: both are needed"
        )
    unseen = {d.label for d in split.held_out} - {d.label for d in split.train}
    if unseen or len({d.label for d in split.train}) < 2:
        raise TrainingDataError(f"labels without a document to fit on: {sorted(unseen)}")
    return split


def hash_bucket(document_id: str) -> int:
    """0 to 99, even over ids, the same on every machine."""
    return int.from_bytes(hashlib.sha256(document_id.encode()).digest()[:8], "big") % 100


def spread_sample(documents: Sequence[LabelledDocument], size: int) -> list[LabelledDocument]:
    """`size` documents chosen by their id's hash, so neither order nor label favours any."""
    ordered = sorted(documents, key=lambda d: hashlib.sha256(d.id.encode()).digest())
    return ordered[:size]


def _parse(line: str, where: str) -> LabelledDocument:
    try:
        value = json.loads(line)
        id_, text, label = value["id"], value["text"], value["label"]
        title, slice_ = value.get("title") or "", value.get("slice") or None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise TrainingDataError(f"{where}: not a labelled document: {error!r}") from error
    if not all(isinstance(value, str) for value in (id_, text, label, slice_ or "")):
        raise TrainingDataError(f"{where}: id, text, label and slice must be strings")
    return LabelledDocument(id_, f"{title}. {text}" if title else text, label, slice_)
