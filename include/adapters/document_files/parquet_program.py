"""The program that reads one Parquet file for `parquet_process`, and says each row on stdout.

    python -m include.adapters.document_files.parquet_program '{"path": …, "uri": …, …}'

A line of JSON has some rows, each as `[row, id, text, fault, detail]`. The last line is an object,
`{"rows": 12}`, or `{"refused": "batch s3://…: …"}` where the file cannot be read. Without one of
them the reading was cut off.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import BinaryIO

from include.adapters.document_files.parquet_rows import parquet_rows
from include.domain.batches.documents import RawDocument
from include.domain.errors import UnreadableBatch

MAX_LINE_ROWS = 256
MAX_LINE_CHARACTERS = 2**18
"""A line ends with the row that gets it there."""


def main(request: str, out: BinaryIO) -> None:
    """Write the file's rows and the last line.

    Args:
        request: the arguments of `parquet_rows` as a JSON object.
        out: where the lines go.
    """
    arguments = json.loads(request)
    path = Path(arguments.pop("path"))
    lines = _Lines(out)
    last: dict[str, object]
    try:
        for row in parquet_rows(path, **arguments):
            lines.add(row)
        last = {"rows": lines.rows}
    except UnreadableBatch as refusal:
        last = {"refused": str(refusal)}
    lines.end(last)


class _Lines:
    """Writes rows, many to a line: a line costs more than a row."""

    def __init__(self, out: BinaryIO) -> None:
        self.rows = 0
        self._out = out
        self._held: list[tuple[object, ...]] = []
        self._characters = 0

    def add(self, row: RawDocument) -> None:
        self.rows += 1
        self._held.append((row.row, row.id, row.text, row.fault, row.detail))
        self._characters += len(row.text or "") + len(row.id or "")
        if len(self._held) >= MAX_LINE_ROWS or self._characters >= MAX_LINE_CHARACTERS:
            self._flush()

    def end(self, last: dict[str, object]) -> None:
        if self._held:
            self._flush()
        self._write(last)
        self._out.flush()

    def _flush(self) -> None:
        self._write(self._held)
        self._held, self._characters = [], 0

    def _write(self, value: object) -> None:
        self._out.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.stdout.buffer)
