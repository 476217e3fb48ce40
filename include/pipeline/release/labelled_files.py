"""Labelled documents of a file of one's own, JSON Lines or CSV, as the training container reads it.

For looks at such a file before anything is trained, and for the split of a release.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from include.domain.errors import ReleaseFailed

FIELDS = ("id", "text", "label")
_LONGEST_FIELD = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Labelled:
    """One document; `text` begins with its title where it has one.

    Attributes:
        slice: a part of the documents to be looked at by itself; empty for none.
    """

    id: str
    text: str
    label: str
    slice: str = ""


def read_labelled(path: Path) -> Iterator[Labelled]:
    """Read a labelled file: `.csv` as CSV with a header, anything else as JSON Lines.

    Raises:
        ReleaseFailed: the file is missing, or a row is no labelled document; the message names it.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix.lower() == ".csv":
                yield from _csv_rows(csv.DictReader(file), path)
            else:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield _document(json.loads(line), f"{path.name}:{number}")
    except (OSError, ValueError, csv.Error) as exc:
        raise ReleaseFailed(f"{path}: cannot be read as labelled documents: {exc}") from exc


def _csv_rows(rows: csv.DictReader[str], path: Path) -> Iterator[Labelled]:
    missing = sorted(set(FIELDS) - set(rows.fieldnames or ()))
    if missing:
        raise ReleaseFailed(f"{path}: no column {', '.join(missing)}; needed: {', '.join(FIELDS)}")
    for row in rows:
        yield _document(row, f"{path.name}:{rows.line_num}")


def _document(value: object, where: str) -> Labelled:
    if not isinstance(value, dict):
        raise ReleaseFailed(f"{where}: not a labelled document")
    for field in FIELDS:
        if not isinstance(value.get(field), str) or not value[field].strip():
            raise ReleaseFailed(f"{where}: {field} is missing, empty or no text")
    title = value.get("title")
    text = f"{title}. {value['text']}" if title else value["text"]
    slice_ = value.get("slice") or ""
    if not isinstance(slice_, str):
        raise ReleaseFailed(f"{where}: slice is no text")
    return Labelled(value["id"], text, value["label"], slice_)
