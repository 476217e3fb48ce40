"""Labelled documents in a CSV file: one a row, under a header."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

_REQUIRED = ("text", "label")
_LONGEST_FIELD = 16 * 2**20


class CsvError(ValueError):
    """The file is no such CSV; the message names the file and line."""


def read_rows(file: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Where each row begins, as `name:line`, and its fields that are not empty.

    Args:
        file: UTF-8, with or without a byte order mark; its header has at least `text` and `label`.

    Raises:
        CsvError: it is not.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines, strict=True)
        line = 1
        try:
            missing = [name for name in _REQUIRED if name not in (rows.fieldnames or ())]
            if missing:
                raise CsvError(f"{file.name}:1: the header lacks {' and '.join(missing)}")
            line = rows.line_num + 1
            for row in rows:
                if None in row:  # where fields go that the header has no name for
                    raise CsvError(f"{file.name}:{line}: more fields than the header has")
                yield f"{file.name}:{line}", {name: value for name, value in row.items() if value}
                line = rows.line_num + 1
        except (csv.Error, UnicodeDecodeError) as error:
            raise CsvError(f"{file.name}:{line}: {error}") from error
