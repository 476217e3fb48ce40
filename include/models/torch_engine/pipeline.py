"""Shards through the tokenizing processes and the device, their lines in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from serving.metering import Meter
from serving.process import ShardEnd, ShardLines
from serving.shard_error import ShardError

from .chunk import Source
from .pool import WorkerPool
from .runner import Device, Pending
from .shard_chunks import shard_chunks
from .worker import Lines, ReadTask, Tokens, WriteTask

_PASSES_AHEAD = 2
"""The device works on one while the next is copied to it."""


@dataclass(frozen=True)
class _Started:
    chunks: list[Tokens]
    pending: Pending
    call: ExitStack


class _Source:
    """The chunks of all shards, numbered from 0, and where each shard ends.

    Attributes:
        given: how many chunks there were so far.
        ends: for each shard that was read, the number of chunks up to its end, and its error.
    """

    def __init__(self, shards: Iterator[Path]) -> None:
        self._shards = shards
        self._chunks: Iterator[Source] | None = None
        self.given = 0
        self.ends: deque[tuple[int, ShardError | None]] = deque()

    def next_task(self) -> ReadTask | None:
        """The next chunk, of the next shard where one ends; None when there are no more."""
        while True:
            if self._chunks is None:
                shard = next(self._shards, None)
                if shard is None:
                    return None
                self._chunks = shard_chunks(shard)
            error = None
            try:
                if chunk := next(self._chunks, None):
                    self.given += 1
                    return ReadTask(self.given - 1, chunk)
            except ShardError as found:
                error = found
            self._chunks = None
            self.ends.append((self.given, error))


class ShardPipeline:
    """Classifies shards: reading, tokenizing, the device and writing at once.

    At most `CHUNKS_A_WORKER` chunks a process are on the way, so memory does not grow with the
    shard.

    Args:
        pool: the tokenizing processes.
        device: runs the models.
        meter: counts.
    """

    def __init__(self, pool: WorkerPool, device: Device, meter: Meter) -> None:
        self._pool = pool
        self._device = device
        self._meter = meter

    def __call__(self, shards: Iterator[Path]) -> Iterator[ShardLines | ShardEnd]:
        """Yield the shards' lines in order, see `serving.process.ClassifyShards`.

        The next shards are read and tokenized while the device works on this one, so the device
        does not wait where a shard ends.

        Raises:
            WorkerError: a tokenizing process failed.
            DeviceMemoryError: not even one document fits on the device.
        """
        source = _Source(shards)
        tokens: deque[Tokens] = deque()
        started: deque[_Started] = deque()
        done: dict[int, Lines] = {}
        written = 0
        while True:
            while self._pool.has_room and (task := source.next_task()):
                self._pool.read(task)
            yield from _ended(source, written)
            if written == source.given:
                break
            for report in self._pool.reports(0 if tokens or started else None):
                if isinstance(report, Tokens):
                    tokens.append(report)
                else:
                    done[report.number] = report
            if tokens and len(started) < _PASSES_AHEAD:
                started.append(self._start(tokens))
            elif started:
                self._finish(started.popleft())
            while lines := done.pop(written, None):
                yield from _ended(source, written)
                written += 1
                self._meter.count(lines.documents, lines.tokens, lines.faults)
                yield ShardLines(tuple(lines.lines))

    def _start(self, tokens: deque[Tokens]) -> _Started:
        """One pass over as many of the waiting chunks as fit the budget, at least one."""
        chunks = [tokens.popleft()]
        total = len(chunks[0].flat)
        while tokens and total + len(tokens[0].flat) <= self._device.budget_tokens:
            chunks.append(tokens.popleft())
            total += len(chunks[-1].flat)
        call = ExitStack()
        call.enter_context(self._meter.model_call())
        pending = self._device.start(
            np.concatenate([chunk.flat for chunk in chunks]),
            np.concatenate([chunk.lengths for chunk in chunks]),
        )
        return _Started(chunks, pending, call)

    def _finish(self, started: _Started) -> None:
        probabilities = started.pending.result()
        started.call.close()
        start = 0
        for chunk in started.chunks:
            end = start + len(chunk.lengths)
            self._pool.write(WriteTask(chunk.number, probabilities[start:end]))
            start = end


def _ended(source: _Source, written: int) -> Iterator[ShardEnd]:
    """The shards whose last chunk is written."""
    while source.ends and source.ends[0][0] <= written:
        yield ShardEnd(source.ends.popleft()[1])
