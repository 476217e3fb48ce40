"""How much memory reading a Parquet file takes, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

from include.adapters.document_files.parquet_rows import parquet_rows
from include.adapters.document_files.reader import (
    DEFAULT_MAX_EXPANDED_BYTES,
    DEFAULT_MAX_LINE_BYTES,
)


def peak_bytes(path: Path, rows: int) -> int:
    """Read the first rows of a file in a new process; return the most it had resident.

    By `/proc`, since what `getrusage` reports starts from the parent's own peak.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.reading_memory", str(path), str(rows)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return int(done.stdout)


def _read(path: Path, rows: int) -> int:
    found = parquet_rows(
        path,
        uri=f"s3://inbox/{path.name}",
        max_text_bytes=DEFAULT_MAX_LINE_BYTES,
        max_expanded_bytes=DEFAULT_MAX_EXPANDED_BYTES,
    )
    for _ in islice(found, rows):
        pass
    high_water = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert high_water
    return int(high_water[1]) * 1024


if __name__ == "__main__":
    print(_read(Path(sys.argv[1]), int(sys.argv[2])))
