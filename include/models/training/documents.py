"""Labelled documents: read from JSON Lines and CSV, and split. Pure but for reading."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .labelled_csv import CsvError, read_rows

_SUFFIXES = (".jsonl", ".csv")


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

    def cut(self, max_characters: int) -> Split:
        """The same, without what no model reads of a text."""
        return Split(
            [replace(d, text=d.text[:max_characters]) for d in self.train],
            [replace(d, text=d.text[:max_characters]) for d in self.held_out],
        )


def channel_files(channel: Path) -> list[Path]:
    """The channel's JSON Lines and CSV files, in name order.

    Raises:
        TrainingDataError: there is none.
    """
    files = sorted(path for path in channel.rglob("*") if path.suffix in _SUFFIXES)
    if not files:
        raise TrainingDataError(f"{channel}: the channel holds no .jsonl or .csv file")
    return files


def read_documents(files: Iterable[Path]) -> list[LabelledDocument]:
    """Read documents with the fields `text` and `label`, and `id`, `title` and `slice` or not.

    One without `id` is named by its file and line.

    Raises:
        TrainingDataError: a line is not such an object, or a row not such a row.
    """
    return [
        _document(fields, where)
        for file in files
        for where, fields in (_csv if file.suffix == ".csv" else _json_lines)(file)
    ]


def data_digest(files: Iterable[Path]) -> str:
    """SHA-256, hex, over the files' bytes in order."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def split_documents(
    documents: Sequence[LabelledDocument], held_out_percent: int, seed: int = 0
) -> Split:
    """Split by a hash of each document's text.

    A document keeps its side whatever is added to the data later, so a new model is never tested
    on what an earlier one was fitted on; and a text that occurs twice is on one side.

    Raises:
        TrainingDataError: a side is empty, or a label of the held-out side is never fitted on.
    """
    split = Split([], [])
    for document in documents:
        held_out = hash_bucket(document.text, seed) < held_out_percent
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


def hash_bucket(text: str, seed: int = 0) -> int:
    """0 to 99, even over texts; texts that differ in case or spacing alone share theirs.

    Args:
        seed: another one is another split.
    """
    normalised = " ".join(text.casefold().split())
    if seed:
        normalised = f"{seed}\n{normalised}"
    return int.from_bytes(hashlib.sha256(normalised.encode()).digest()[:8], "big") % 100


def spread_sample(documents: Sequence[LabelledDocument], size: int) -> list[LabelledDocument]:
    """`size` documents chosen by their id's hash, so neither order nor label favours any."""
    ordered = sorted(documents, key=lambda d: hashlib.sha256(d.id.encode()).digest())
    return ordered[:size]


def _csv(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        yield from read_rows(file)
    except CsvError as error:
        raise TrainingDataError(str(error)) from error


def _json_lines(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), start=1):
        if line.strip():
            where = f"{file.name}:{number}"
            try:
                fields = json.loads(line)
            except ValueError as error:
                raise TrainingDataError(f"{where}: not JSON: {error}") from error
            if not isinstance(fields, dict):
                raise TrainingDataError(f"{where}: not a labelled document: {line[:80]}")
            yield where, fields


def _document(fields: Mapping[str, Any], where: str) -> LabelledDocument:
    for name in ("text", "label"):
        if not isinstance(fields.get(name), str):
            raise TrainingDataError(f"{where}: not a labelled document: {name} must be a string")
    others = {name: fields.get(name) or "" for name in ("id", "title", "slice")}
    if not all(isinstance(value, str) for value in others.values()):
        raise TrainingDataError(f"{where}: id, title and slice must be strings")
    text, title = fields["text"], others["title"]
    return LabelledDocument(
        id=others["id"] or where,
        text=f"{title}. {text}" if title else text,
        label=fields["label"],
        slice=others["slice"] or None,
    )
