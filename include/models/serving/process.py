"""The processing job: every shard under the input, one finished output file for each."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .engine import Engine
from .wire import format_json_line, parse_json_lines, read_lines

SHARD_SUFFIX = ".jsonl"
OUTPUT_SUFFIX = ".out"
_BUFFER_BYTES = 1024 * 1024


def process_shards(engine: Engine, source: Path, target: Path) -> int:
    """Classify every shard under `source` that has no output yet.

    A shard's output appears whole or not at all, so a job that is run again continues where the
    last one stopped.

    Args:
        engine: the model.
        source: a folder of `*.jsonl`, at any depth.
        target: receives `<shard>.jsonl.out` at the same relative path.

    Returns:
        Number of shards found.
    """
    shards = sorted(source.rglob(f"*{SHARD_SUFFIX}"))
    for shard in shards:
        relative = shard.relative_to(source)
        output = target / relative.with_name(relative.name + OUTPUT_SUFFIX)
        if output.exists():
            _log("shard_skipped", relative, 0, 0.0)
            continue
        started = time.monotonic()
        documents = process_shard(engine, shard, output)
        _log("shard_done", relative, documents, time.monotonic() - started)
    return len(shards)


def process_shard(engine: Engine, shard: Path, output: Path) -> int:
    """Classify one shard, streaming, and put its output in place atomically.

    Returns:
        Number of answers written.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(f".{output.name}.{os.getpid()}.partial")
    documents = 0
    try:
        with shard.open("rb") as source, partial.open("wb", buffering=_BUFFER_BYTES) as sink:
            for line in _answer_lines(engine, source_lines=read_lines(source)):
                sink.write(line)
                documents += 1
            sink.flush()
            os.fsync(sink.fileno())
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
    return documents


def _answer_lines(engine: Engine, source_lines: Iterator[bytes]) -> Iterator[bytes]:
    return map(format_json_line, engine.answers(parse_json_lines(source_lines)))


def _log(event: str, shard: Path, documents: int, seconds: float) -> None:
    line: dict[str, str | int | float] = {
        "event": event,
        "shard": str(shard),
        "documents": documents,
    }
    if seconds:
        line["seconds"] = round(seconds, 3)
    print(json.dumps(line), file=sys.stdout, flush=True)
