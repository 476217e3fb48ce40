"""A shard through the tokenizing processes and the device, its lines in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from serving.metering import Meter
from serving.shard_files import ShardError

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
    """A shard's chunks, numbered from 0.

    Attributes:
        given: how many there were so far.
        fault: why there are no more, where the shard cannot be read to its end. What is on its way
            by then is let through first, for the next shard to begin clean.
    """

    def __init__(self, shard: Path) -> None:
        self._chunks = shard_chunks(shard)
        self.given = 0
        self.fault: ShardError | None = None

    def next_task(self) -> ReadTask | None:
        """The next chunk, None at the end."""
        try:
            chunk = next(self._chunks, None)
        except ShardError as error:
            self.fault = error
            return None
        if chunk is None:
            return None
        self.given += 1
        return ReadTask(self.given - 1, chunk)


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

    def __call__(self, shard: Path) -> Iterator[tuple[bytes, ...]]:
        """Yield the response lines of each model, some thousand lines at a time.

        Raises:
            ShardError: the shard cannot be read to its end.
            WorkerError: a tokenizing process failed.
            DeviceMemoryError: not even one document fits on the device.
        """
        source = _Source(shard)
        tokens: deque[Tokens] = deque()
        started: deque[_Started] = deque()
        done: dict[int, Lines] = {}
        written = 0
        while True:
            while self._pool.has_room and (task := source.next_task()):
                self._pool.read(task)
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
                written += 1
                self._meter.count(lines.documents, lines.tokens, lines.faults)
                yield tuple(lines.lines)
        if source.fault:
            raise source.fault

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
        answers = started.pending.result()
        started.call.close()
        start = 0
        for chunk in started.chunks:
            mine = slice(start, start + len(chunk.lengths))
            self._pool.write(WriteTask(chunk.number, answers.labels[mine], answers.scores[mine]))
            start = mine.stop
