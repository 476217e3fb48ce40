"""Parquet read by a process of its own: a file that breaks its reader breaks that process alone.

Arrow decodes in C++, where a damaged file may end the whole process by a signal. Here that is the
refusal of the file, as any other damage is.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, Any

from include.domain.batches.documents import QuarantineReason, RawDocument
from include.domain.errors import ReadingCutOff, UnreadableBatch

PROGRAM = "include.adapters.document_files.parquet_program"
ROOT = Path(__file__).resolve().parents[3]

BROKEN_BY = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
"""Signals that a process gets for what it does itself; others come from outside."""


def parquet_rows_apart(
    path: Path, *, uri: str, max_text_bytes: int, max_expanded_bytes: int
) -> Iterator[RawDocument]:
    """Yield what `parquet_rows` yields, read by a new process that ends with the iterator.

    Raises:
        UnreadableBatch: as `parquet_rows`, or the reading ended its process.
        ReadingCutOff: the process was ended from outside, or for want of memory.
    """
    request = {
        "path": str(path.absolute()),
        "uri": uri,
        "max_text_bytes": max_text_bytes,
        "max_expanded_bytes": max_expanded_bytes,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", PROGRAM, json.dumps(request)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    try:
        last = yield from _rows(process.stdout)
        if last is None:
            raise _cut_off(uri, process.wait())
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
    if "refused" in last:
        raise UnreadableBatch(last["refused"])


def _rows(lines: IO[bytes]) -> Generator[RawDocument, None, dict[str, Any] | None]:
    """Yield the rows; return the last line, None where the lines end without it."""
    for line in lines:
        if not line.endswith(b"\n"):
            break
        value = json.loads(line)
        if isinstance(value, dict):
            return value
        for row, id_, text, fault, detail in value:
            yield RawDocument(row, id_, text, fault and QuarantineReason(fault), detail)
    return None


def _cut_off(uri: str, code: int) -> UnreadableBatch | ReadingCutOff:
    if -code in BROKEN_BY:
        name = signal.Signals(-code).name
        return UnreadableBatch(
            f"batch {uri}: not a readable Parquet file: reading it ended the reader by {name}"
        )
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return ReadingCutOff(f"batch {uri}: the process that read the Parquet file ended by {how}")
