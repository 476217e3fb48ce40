"""Jobs over files: every shard under the input, one finished output file for each model."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .engine import Engine
from .shard_files import ShardError, count_records, read_shard, shard_format
from .wire import format_json_line

ClassifyShard = Callable[[Path], Iterator[tuple[bytes, ...]]]
"""Yields a shard's response lines in order: for each model some lines, of the same documents."""

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
        others: names of the models after the first; each has a folder of its own in `target`.
    """

    source: Path
    target: Path
    scratch: Path
    others: tuple[str, ...] = ()

    def shards(self) -> list[Path]:
        """Every shard, in order of its name."""
        return sorted(path for path in self.source.rglob("*") if shard_format(path))

    def outputs(self, shard: Path) -> tuple[Path, ...]:
        """Where a shard's output goes, for each model."""
        relative = shard.relative_to(self.source)
        named = relative.with_name(relative.name + OUTPUT_SUFFIX)
        return (self.target / named, *(self.target / other / named for other in self.others))


def classify_with(engine: Engine) -> ClassifyShard:
    """Classify by one engine in this process."""

    def classify(shard: Path) -> Iterator[tuple[bytes, ...]]:
        for answer in engine.answers(read_shard(shard)):
            yield (format_json_line(answer),)

    return classify


def process_shards(
    classify: ClassifyShard, folders: ShardFolders, is_stopping: Callable[[], bool] = lambda: False
) -> int:
    """Classify every shard that has no whole output yet.

    A shard's output appears whole or not at all, so a job that is run again continues where the
    last one stopped. A shard that cannot be read as a whole fails when the others are done.

    Args:
        classify: the model, or models.
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
            _process_next(classify, shard, folders, is_stopping)
        except ShardError as error:
            _log("shard_unreadable", shard.relative_to(folders.source), 0, 0.0)
            unreadable.append(str(error))
    if unreadable:
        raise ShardError("; ".join(unreadable))
    return len(shards)


def _process_next(
    classify: ClassifyShard, shard: Path, folders: ShardFolders, is_stopping: Callable[[], bool]
) -> None:
    relative, outputs = shard.relative_to(folders.source), folders.outputs(shard)
    if all(is_whole(shard, output) for output in outputs):
        _log("shard_skipped", relative, 0, 0.0)
        return
    if is_stopping():
        _log("shard_left", relative, 0, 0.0)
        return
    started = time.monotonic()
    documents = process_shard(classify, shard, outputs, folders.scratch)
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


def process_shard(
    classify: ClassifyShard, shard: Path, outputs: Sequence[Path], scratch: Path
) -> int:
    """Classify one shard, streaming, and put its outputs in place, each atomically.

    Returns:
        Number of documents answered.

    Raises:
        ShardError: the shard cannot be read to its end; no output is left then.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    partials = [
        scratch / f"{output.name}.{os.getpid()}.{model}.partial"
        for model, output in enumerate(outputs)
    ]
    documents = 0
    try:
        with ExitStack() as stack:
            sinks = [
                stack.enter_context(partial.open("wb", buffering=_BUFFER_BYTES))
                for partial in partials
            ]
            for pieces in classify(shard):
                documents += pieces[0].count(b"\n")
                for sink, piece in zip(sinks, pieces, strict=True):
                    sink.write(piece)
            for sink in sinks:
                sink.flush()
                os.fsync(sink.fileno())
        for partial, output in zip(partials, outputs, strict=True):
            output.parent.mkdir(parents=True, exist_ok=True)
            _put_in_place(partial, output)
    finally:
        for partial in partials:
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
