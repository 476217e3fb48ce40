"""Labelled documents of a file of one's own, JSON Lines or CSV, as the training container reads it.

For looks at such a file before anything is trained, and for the split of a release.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from include.domain.errors import ReleaseFailed
from include.domain.unicode_text import is_encodable

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
                yield from _csv_rows(csv.DictReader(file, strict=True), path)
            else:
                yield from _json_lines(file, path)
    except UnicodeDecodeError as exc:
        raise ReleaseFailed(f"{path}: save it as UTF-8, which it is not: {exc}") from exc
    except OSError as exc:
        raise ReleaseFailed(f"{path}: cannot be read as labelled documents: {exc}") from exc


def _json_lines(lines: Iterable[str], path: Path) -> Iterator[Labelled]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path.name}:{number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise ReleaseFailed(f"{where}: not JSON: {exc}") from exc
        yield _document(value, where)


def _csv_rows(rows: csv.DictReader[str], path: Path) -> Iterator[Labelled]:
    line = 1
    try:
        header = list(rows.fieldnames or ())
        if missing := sorted(set(FIELDS) - set(header)):
            raise ReleaseFailed(
                f"{path}: no column {', '.join(missing)}; needed: {', '.join(FIELDS)}; "
                f"its first line has: {', '.join(header)[:200] or 'none'}"
            )
        if twice := sorted({name for name in header if header.count(name) > 1}):
            raise ReleaseFailed(f"{path}: column {', '.join(twice)} stands twice")
        line = rows.line_num + 1
        for row in rows:
            where = f"{path.name}:{line}"
            if None in row:  # where fields go that the header has no name for
                raise ReleaseFailed(
                    f"{where}: more fields than the header has; a text with a comma is quoted"
                )
            yield _document(row, where)
            line = rows.line_num + 1
    except csv.Error as exc:
        raise ReleaseFailed(f"{path.name}:{line}: {exc}") from exc


def _document(value: object, where: str) -> Labelled:
    if not isinstance(value, dict):
        raise ReleaseFailed(f"{where}: not a labelled document")
    for field in FIELDS:
        if not isinstance(value.get(field), str) or not value[field].strip():
            raise ReleaseFailed(f"{where}: {field} is missing, empty or no text")
    others = {field: value.get(field) or "" for field in ("title", "slice")}
    for field, content in ({field: value[field] for field in FIELDS} | others).items():
        if not isinstance(content, str):
            raise ReleaseFailed(f"{where}: {field} is no text")
        if not is_encodable(content):
            raise ReleaseFailed(f"{where}: {field} is not valid Unicode")
    text = f"{others['title']}. {value['text']}" if others["title"] else value["text"]
    return Labelled(value["id"], text, value["label"], others["slice"])
