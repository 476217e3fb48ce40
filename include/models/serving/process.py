"""Jobs over files: every shard under the input, one finished output file for each."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .engine import Engine
from .shard_files import ShardError, count_records, read_shard, shard_format
from .wire import format_json_line

OUTPUT_SUFFIX = ".out"
_BUFFER_BYTES = 1024 * 1024


@dataclass(frozen=True)
class ShardFolders:
    """Where a job's shards are, and where their outputs go.

    Attributes:
        source: a folder of shards (`ShardFormat`), at any depth.
        target: receives `<shard>.out`, JSON Lines, at the same relative path, whole. SageMaker may
            copy it to S3 at any moment.
        scratch: where an output is written until it is whole; on the target's disk if possible.
    """

    source: Path
    target: Path
    scratch: Path

    def shards(self) -> list[Path]:
        """Every shard, in order of its name."""
        return sorted(path for path in self.source.rglob("*") if shard_format(path))

    def output(self, shard: Path) -> Path:
        """Where a shard's output goes."""
        relative = shard.relative_to(self.source)
        return self.target / relative.with_name(relative.name + OUTPUT_SUFFIX)


def process_shards(
    engine: Engine, folders: ShardFolders, is_stopping: Callable[[], bool] = lambda: False
) -> int:
    """Classify every shard that has no whole output yet.

    A shard's output appears whole or not at all, so a job that is run again continues where the
    last one stopped. A shard that cannot be read as a whole fails when the others are done.

    Args:
        engine: the model.
        folders: where the shards are.
        is_stopping: asked before each shard; none is begun once it says so.

    Returns:
        Number of shards found.

    Raises:
        ShardError: some shards cannot be read; the message names each.
    """
    shards = folders.shards()
    unreadable: list[str] = []
    for shard in shards:
        try:
            _process_next(engine, shard, folders, is_stopping)
        except ShardError as error:
            _log("shard_unreadable", shard.relative_to(folders.source), 0, 0.0)
            unreadable.append(str(error))
    if unreadable:
        raise ShardError("; ".join(unreadable))
    return len(shards)


def _process_next(
    engine: Engine, shard: Path, folders: ShardFolders, is_stopping: Callable[[], bool]
) -> None:
    relative, output = shard.relative_to(folders.source), folders.output(shard)
    if is_whole(shard, output):
        _log("shard_skipped", relative, 0, 0.0)
        return
    if is_stopping():
        _log("shard_left", relative, 0, 0.0)
        return
    started = time.monotonic()
    documents = process_shard(engine, shard, output, folders.scratch)
    _log("shard_done", relative, documents, time.monotonic() - started)


def is_whole(shard: Path, output: Path) -> bool:
    """Whether `output` has a line for each record of `shard`, its last one ended.

    An output that came back from S3 is believed by its lines, not by its name: whatever copied
    it there may have been cut off.

    Raises:
        ShardError: the shard cannot be read.
    """
    if not output.exists():
        return False
    ended = found = 0
    with output.open("rb") as answers:
        for line in answers:
            found += bool(line.strip())
            ended += line.endswith(b"\n") and bool(line.strip())
    return ended == found == count_records(shard)


def process_shard(engine: Engine, shard: Path, output: Path, scratch: Path) -> int:
    """Classify one shard, streaming, and put its output in place atomically.

    Returns:
        Number of answers written.

    Raises:
        ShardError: the shard cannot be read to its end; no output is left then.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    scratch.mkdir(parents=True, exist_ok=True)
    partial = scratch / f"{output.name}.{os.getpid()}.partial"
    documents = 0
    try:
        with partial.open("wb", buffering=_BUFFER_BYTES) as sink:
            for answer in engine.answers(read_shard(shard)):
                sink.write(format_json_line(answer))
                documents += 1
            sink.flush()
            os.fsync(sink.fileno())
        _put_in_place(partial, output)
    finally:
        partial.unlink(missing_ok=True)
    return documents


def _put_in_place(partial: Path, output: Path) -> None:
    """Rename, or where the folders are on two disks copy beside it and rename there."""
    try:
        partial.replace(output)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = output.with_name(f".{partial.name}")
        shutil.copyfile(partial, beside)
        beside.replace(output)


def _log(event: str, shard: Path, documents: int, seconds: float) -> None:
    line: dict[str, str | int | float] = {
        "event": event,
        "shard": str(shard),
        "documents": documents,
    }
    if seconds:
        line["seconds"] = round(seconds, 3)
    print(json.dumps(line), file=sys.stdout, flush=True)
