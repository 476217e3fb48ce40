"""Peak memory of the model container and of the front door, as one file grows, by format.

Needs no running stack:
    python -m benchmarks.stream_memory [MODEL_FOLDER] [--documents 10000 1000000] [--formats ...]

Without a model folder the container answers by checksums, which shows what is around the model;
with one, the real model is in it. Texts are the sample's, in turn, each made unique by a number.
Writes `benchmarks/results/stream_memory_<the model's format>.json`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.__main__ import RESULTS, machine
from include.adapters.document_files import DocumentFileReader

ROOT = Path(__file__).parents[1]
SERVING = ROOT / ".twolane" / "venvs" / "serving" / "bin" / "python"
ENTRY = ROOT / "include" / "models" / "entrypoint.py"
TRIVIAL = ROOT / "include" / "models" / "contract" / "trivial_model"
SAMPLE = ROOT / "include" / "sample" / "news.jsonl"
FORMATS = (".jsonl", ".jsonl.gz", ".parquet")
GOAL_RATIO = 1.15
"""Allowed growth from the fewest documents to the most: what an allocator jitters by."""

_ROW_GROUP = 100_000


def main() -> int:
    """Measure, print and keep; return 1 when memory grew past the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=TRIVIAL)
    parser.add_argument("--documents", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        return _read(options.read)
    model = json.loads((options.model / "model.json").read_text())
    rows = [
        row
        for suffix in options.formats
        for row in _measure(options.model.resolve(), suffix, sorted(options.documents))
    ]
    result = {
        "what": "peak resident bytes of one process that works through one file",
        "model": model["name"],
        "max_tokens": model["max_tokens"],
        "rows": rows,
        "ratio": _ratios(rows),
        "goal_ratio": GOAL_RATIO,
        "machine": machine(),
    }
    result["goal_met"] = max(_ratios(rows).values()) <= GOAL_RATIO
    RESULTS.mkdir(exist_ok=True)
    name = f"stream_memory_{model['format']}.json"
    (RESULTS / name).write_text(json.dumps(result, indent=2) + "\n")
    return 0 if result["goal_met"] else 1


def _measure(model: Path, suffix: str, counts: list[int]) -> Iterator[dict[str, Any]]:
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="stream-memory-") as folder:
            root = Path(folder)
            inputs = root / "processing" / "input"
            (inputs / "documents").mkdir(parents=True)
            (inputs / "model").mkdir()
            with tarfile.open(inputs / "model" / "model.tar.gz", "w:gz") as tar:
                for path in sorted(model.iterdir()):
                    tar.add(path, path.name)
            shard = inputs / "documents" / f"0{suffix}"
            _write(shard, count)
            commands = {
                "container": [str(SERVING), str(ENTRY), "process"],
                "front door": [sys.executable, "-m", "benchmarks.stream_memory", "--read", shard],
            }
            for subject, command in commands.items():
                peak_bytes, seconds = _run([str(part) for part in command], root)
                row = {
                    "subject": subject,
                    "format": suffix,
                    "documents": count,
                    "file_bytes": shard.stat().st_size,
                    "peak_bytes": peak_bytes,
                    "documents_per_s": round(count / seconds),
                }
                print(
                    f"{subject:10} {suffix:9} {count:10,} documents, "
                    f"{row['file_bytes'] / 2**20:7.1f} MiB: peak {peak_bytes / 2**20:5.0f} MiB, "
                    f"{row['documents_per_s']:,} documents/s",
                    flush=True,
                )
                yield row
            output = root / "processing" / "output" / f"{shard.name}.out"
            with output.open("rb") as lines:
                answered = sum(1 for _ in lines)
            if answered != count:
                raise RuntimeError(f"{answered:,} answers to {count:,} documents")


def _write(path: Path, count: int) -> None:
    texts = [json.loads(line)["text"] for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    records = (
        {"id": f"d-{n}", "text": f"{n:,}: {text}"}
        for n, text in enumerate(islice(cycle(texts), count))
    )
    if path.suffix == ".parquet":
        # Imported here: the process that reads imports it where a user's would.
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema([("id", pa.string()), ("text", pa.string())])
        with pq.ParquetWriter(path, schema) as writer:
            while group := list(islice(records, _ROW_GROUP)):
                writer.write_table(pa.Table.from_pylist(group, schema), row_group_size=_ROW_GROUP)
        return
    is_gzip = path.suffix == ".gz"
    with gzip.open(path, "wb", compresslevel=1) if is_gzip else path.open("wb") as lines:
        lines.writelines(json.dumps(record).encode() + b"\n" for record in records)


def _run(command: list[str], ml_root: Path) -> tuple[int, float]:
    """Run a command to its end; return the most bytes it had resident, and its seconds.

    Raises:
        RuntimeError: it failed.
    """
    started = time.monotonic()
    peak = 0
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ML_ROOT": str(ml_root)},
        stdout=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            peak = max(peak, _high_water_bytes(process.pid))
            time.sleep(0.02)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {process.returncode}")
    return peak, time.monotonic() - started


def _high_water_bytes(pid: int) -> int:
    """The most that a process, and those that it has started, had resident at once."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return _own_high_water_bytes(pid) + sum(_own_high_water_bytes(int(each)) for each in children)


def _own_high_water_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it ended in between
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def _read(path: Path) -> int:
    for row in DocumentFileReader().read(path, uri=f"s3://inbox/{path.name}"):
        if row.fault is not None:
            raise RuntimeError(row.detail)
    return 0


def _ratios(rows: list[dict[str, Any]]) -> dict[str, float]:
    peaks: dict[str, list[int]] = {}
    for row in rows:
        peaks.setdefault(f"{row['subject']} {row['format']}", []).append(row["peak_bytes"])
    return {name: round(found[-1] / found[0], 3) for name, found in peaks.items()}


if __name__ == "__main__":
    sys.exit(main())
