"""Jobs over files: every shard under the input, one finished output file for each model."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .engine import Engine
from .shard_error import ShardError
from .shard_files import count_records, read_shard, shard_format
from .shard_outputs import ShardOutputs
from .wire import format_json_line

OUTPUT_SUFFIX = ".out"


@dataclass(frozen=True, slots=True)
class ShardLines:
    """Some documents' response lines, of each model; documents come in the shard's order."""

    lines: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ShardEnd:
    """The shard's lines are complete, or cannot be: then `error` says why."""

    error: ShardError | None = None


ClassifyShards = Callable[[Iterator[Path]], Iterator[ShardLines | ShardEnd]]
"""Classifies shards one after the other, each up to its `ShardEnd`. It may begin a shard before it
is done with the one before; it takes the next path only then."""


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


def classify_with(engine: Engine) -> ClassifyShards:
    """Classify by one engine in this process."""

    def classify(shards: Iterator[Path]) -> Iterator[ShardLines | ShardEnd]:
        for shard in shards:
            try:
                for answer in engine.answers(read_shard(shard)):
                    yield ShardLines((format_json_line(answer),))
            except ShardError as error:
                yield ShardEnd(error)
            else:
                yield ShardEnd()

    return classify


def process_shards(
    classify: ClassifyShards, folders: ShardFolders, is_stopping: Callable[[], bool] = lambda: False
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
    begun: list[Path] = []

    def to_do() -> Iterator[Path]:
        for shard in shards:
            try:
                if _is_to_do(shard, folders, is_stopping):
                    begun.append(shard)
                    yield shard
            except ShardError as error:
                unreadable.append(_unreadable(shard, folders, error))

    events = classify(to_do())
    since = time.monotonic()
    while (event := next(events, None)) is not None:
        shard = begun.pop(0)
        try:
            documents = _write_shard(event, events, folders.outputs(shard), folders.scratch)
        except ShardError as error:
            unreadable.append(_unreadable(shard, folders, error))
            continue
        # The next shards may be read ahead, so a shard's time is since the one before was done.
        now = time.monotonic()
        _log("shard_done", shard.relative_to(folders.source), documents, now - since)
        since = now
    if unreadable:
        raise ShardError("; ".join(unreadable))
    return len(shards)


def _is_to_do(shard: Path, folders: ShardFolders, is_stopping: Callable[[], bool]) -> bool:
    if all(is_whole(shard, output) for output in folders.outputs(shard)):
        _log("shard_skipped", shard.relative_to(folders.source), 0, 0.0)
        return False
    if is_stopping():
        _log("shard_left", shard.relative_to(folders.source), 0, 0.0)
        return False
    return True


def _write_shard(
    event: ShardLines | ShardEnd,
    events: Iterator[ShardLines | ShardEnd],
    targets: Sequence[Path],
    scratch: Path,
) -> int:
    """Write one shard's outputs, from its first event to its end; return the documents answered.

    Raises:
        ShardError: the shard cannot be read to its end; no output is left of it.
    """
    outputs = ShardOutputs(targets, scratch)
    try:
        while isinstance(event, ShardLines):
            outputs.write(event.lines)
            event = next(events)
        if event.error:
            raise event.error
        outputs.put_in_place()
    finally:
        outputs.discard()
    return outputs.documents


def _unreadable(shard: Path, folders: ShardFolders, error: ShardError) -> str:
    _log("shard_unreadable", shard.relative_to(folders.source), 0, 0.0)
    return str(error)


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


def _log(event: str, shard: Path, documents: int, seconds: float) -> None:
    line: dict[str, str | int | float] = {
        "event": event,
        "shard": str(shard),
        "documents": documents,
    }
    if seconds:
        line["seconds"] = round(seconds, 3)
    print(json.dumps(line), file=sys.stdout, flush=True)
