"""Records in, answers out, in order: window, tokenize, batch, run, put back."""

from __future__ import annotations

import itertools
import queue
import threading
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import cast

from .artifact import Artifact
from .backend import Backend
from .batching import Batch, BatchPolicy, plan_batches, windows
from .metering import Meter
from .records import Answer, Fault, FaultCode, Parsed, Prediction, Record

Scores = list[tuple[int, float]]

INTERACTIVE_DOCUMENTS = 32
"""Windows up to this size go before larger ones, so a lone request never waits for a payload."""

_TOKENIZE_CHUNK = 256
_WINDOWS_AHEAD = 1


@dataclass(frozen=True, slots=True)
class _Started:
    """A window whose batches are with the workers."""

    answers: list[Answer | None]
    ids: list[str]
    slots: list[int]
    work: list[tuple[Batch, Future[Scores]]]
    tokens: int


class Engine:
    """Runs one model on worker threads. Safe to call from several threads at once."""

    def __init__(
        self,
        backend: Backend,
        artifact: Artifact,
        policy: BatchPolicy,
        meter: Meter,
        *,
        workers: int,
        window_documents: int,
    ) -> None:
        self._backend = backend
        self._artifact = artifact
        self._policy = policy
        self._meter = meter
        self._window_documents = window_documents
        self._queue: queue.PriorityQueue[tuple[int, int, _Call | None]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._threads = [
            threading.Thread(target=self._work, args=(worker,), daemon=True)
            for worker in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def answers(self, records: Iterable[Parsed]) -> Iterator[Answer]:
        """Classify a stream of records.

        One window is read and tokenized while the model runs the one before it; no more is held,
        so memory does not grow with the stream.

        Yields:
            One answer a record, in the records' order; a fault is its own answer.

        Raises:
            Exception: whatever the model raised; no record's fault.
        """
        ahead: deque[_Started] = deque()
        for window in windows(self._shortened(records), self._window_documents):
            ahead.append(self._start(window))
            if len(ahead) > _WINDOWS_AHEAD:
                yield from self._finish(ahead.popleft())
        while ahead:
            yield from self._finish(ahead.popleft())

    @property
    def queued(self) -> int:
        """Batches that wait for a worker, about."""
        return self._queue.qsize()

    def close(self) -> None:
        """Stop the workers once they have done what is queued."""
        for _ in self._threads:
            self._queue.put((2, next(self._order), None))
        for thread in self._threads:
            thread.join()

    def _shortened(self, records: Iterable[Parsed]) -> Iterator[Parsed]:
        """Cut each text before a window holds it: what the model cannot see costs no memory."""
        limit = self._artifact.max_characters
        for record in records:
            if isinstance(record, Record) and len(record.text) > limit:
                yield Record(record.id, record.text[:limit])
            else:
                yield record

    def _start(self, window: Sequence[Parsed]) -> _Started:
        answers: list[Answer | None] = [None] * len(window)
        ids: list[str] = []
        slots: list[int] = []
        tokens: list[array[int]] = []
        for slot, record, found in self._tokenized(window):
            if isinstance(found, Fault):
                answers[slot] = found
            else:
                ids.append(record.id or "")
                slots.append(slot)
                tokens.append(found)
        priority = 0 if len(window) <= INTERACTIVE_DOCUMENTS else 1
        work = [
            (batch, self._submit(priority, [tokens[p] for p in batch.positions], batch.length))
            for batch in plan_batches([len(found) for found in tokens], self._policy)
        ]
        return _Started(answers, ids, slots, work, sum(len(found) for found in tokens))

    def _tokenized(
        self, window: Sequence[Parsed]
    ) -> Iterator[tuple[int, Parsed, array[int] | Fault]]:
        good: list[tuple[int, Record]] = []
        for slot, record in enumerate(window):
            if isinstance(record, Fault):
                yield slot, record, record
            else:
                good.append((slot, record))
        for chunk in windows(good, _TOKENIZE_CHUNK):
            try:
                found = self._backend.tokenize([record.text for _, record in chunk])
            except ValueError:
                yield from self._tokenized_alone(chunk)
            else:
                for (slot, record), tokens in zip(chunk, found, strict=True):
                    yield slot, record, tokens

    def _tokenized_alone(
        self, chunk: Sequence[tuple[int, Record]]
    ) -> Iterator[tuple[int, Parsed, array[int] | Fault]]:
        """One at a time, so that a text which the tokenizer refuses fails alone."""
        for slot, record in chunk:
            try:
                yield slot, record, self._backend.tokenize([record.text])[0]
            except ValueError as error:
                fault = Fault(record.id, FaultCode.TOKENIZER_FAILED, str(error))
                yield slot, record, fault

    def _finish(self, started: _Started) -> Iterator[Answer]:
        for batch, future in started.work:
            for position, (label, score) in zip(batch.positions, future.result(), strict=True):
                started.answers[started.slots[position]] = Prediction(
                    started.ids[position], self._artifact.labels[label], score
                )
        documents = len(started.answers)
        self._meter.count(documents, started.tokens, documents - len(started.ids))
        yield from cast("list[Answer]", started.answers)  # every slot has been filled

    def _submit(self, priority: int, tokens: Sequence[array[int]], length: int) -> Future[Scores]:
        call = _Call(tokens, length, Future())
        self._queue.put((priority, next(self._order), call))
        return call.future

    def _work(self, worker: int) -> None:
        while (call := self._queue.get()[2]) is not None:
            try:
                with self._meter.model_call():
                    scores = self._backend.infer(worker, call.tokens, call.length)
            except Exception as error:  # carried to whoever waits for this batch
                call.future.set_exception(error)
            else:
                call.future.set_result(scores)


@dataclass(frozen=True, slots=True)
class _Call:
    tokens: Sequence[array[int]]
    length: int
    future: Future[Scores]
