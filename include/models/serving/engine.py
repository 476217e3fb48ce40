"""Records in, answers out, in order: window, tokenize, batch, run, put back.

Where the model is a cascade, the cheap stage answers what it is sure of right after tokenizing, and
only the rest is batched; there both stages' probabilities are weighed together.
"""

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

import numpy as np
from numpy.typing import NDArray

from .artifact import Artifact
from .backend import Backend
from .batching import Batch, BatchPolicy, plan_batches, windows
from .cascade import Cascade, truncated
from .heads import Found, Heads
from .metering import Meter
from .records import Answer, Fault, FaultCode, Parsed, Record, Stage


@dataclass(frozen=True, slots=True)
class _Refused:
    """The model fails on this document, and works on others."""

    message: str


Scores = Sequence[Found | _Refused]

INTERACTIVE_DOCUMENTS = 32
"""Windows up to this size go before larger ones, so a lone request never waits for a payload."""

_TOKENIZE_CHUNK = 256
_WINDOWS_AHEAD = 1


@dataclass(frozen=True, slots=True)
class _Document:
    """A document that has no answer yet.

    Attributes:
        slot: the place of its answer in the window.
        id: its own.
        tokens: what the encoder reads.
        cheap: the cheap stage's probabilities, where there is one.
    """

    slot: int
    id: str
    tokens: array[int]
    cheap: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class _Started:
    """A window whose batches are with the workers.

    Attributes:
        answers: one place a record; those of `documents` are still empty.
        documents: what the batches hold.
        work: the batches, whose positions count in `documents`.
        tokens: read of the whole window.
        faults: among `answers` already.
    """

    answers: list[Answer | None]
    documents: list[_Document]
    work: list[tuple[Batch, Future[Scores]]]
    tokens: int
    faults: int


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
        cascade: Cascade | None = None,
    ) -> None:
        self._backend = backend
        self._cascade = cascade
        self._artifact = artifact
        self._heads = Heads(artifact)
        self._policy = policy
        self._meter = meter
        self._window_documents = window_documents
        self._queue: queue.PriorityQueue[tuple[int, int, _Call | None]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._sound: array[int] | None = None
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
            Exception: whatever the model raised, where it fails on every document.
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
        limit = self._artifact.tokenized_characters
        for record in records:
            if isinstance(record, Record) and len(record.text) > limit:
                yield Record(record.id, record.text[:limit])
            else:
                yield record

    def _start(self, window: Sequence[Parsed]) -> _Started:
        answers: list[Answer | None] = [None] * len(window)
        left: list[_Document] = []
        read = 0
        for slot, record, found in self._tokenized(window):
            if isinstance(found, Fault):
                answers[slot] = found
            else:
                left.append(_Document(slot, record.id or "", found))
                read += min(len(found), self._artifact.max_tokens)
        faults = len(window) - len(left)
        if self._cascade is not None:
            left = self._answer_cheaply(self._cascade, left, answers)
        priority = 0 if len(window) <= INTERACTIVE_DOCUMENTS else 1
        work = [
            (batch, self._submit(priority, [left[p] for p in batch.positions], batch.length))
            for batch in plan_batches([len(document.tokens) for document in left], self._policy)
        ]
        return _Started(answers, left, work, read, faults)

    def _answer_cheaply(
        self, cascade: Cascade, documents: Sequence[_Document], answers: list[Answer | None]
    ) -> list[_Document]:
        """Fill in the answers that the cheap model is sure of, and return the other documents."""
        left: list[_Document] = []
        cheap = cascade.probabilities([document.tokens for document in documents])
        sure = cascade.is_sure(cheap)
        found = iter(self._heads.read(cheap[sure]))
        for document, row, is_sure in zip(documents, cheap, sure, strict=True):
            if is_sure:
                answers[document.slot] = next(found).of(document.id, Stage.CHEAP)
            else:
                tokens = truncated(document.tokens, self._artifact.max_tokens)
                left.append(_Document(document.slot, document.id, tokens, row))
        return left

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
        refused = 0
        stage = Stage.ENCODER if self._cascade else None
        for batch, future in started.work:
            for position, found in zip(batch.positions, future.result(), strict=True):
                document = started.documents[position]
                answer: Answer
                if isinstance(found, _Refused):
                    refused += 1
                    answer = Fault(document.id, FaultCode.MODEL_FAILED, found.message)
                else:
                    answer = found.of(document.id, stage)
                started.answers[document.slot] = answer
        self._meter.count(len(started.answers), started.tokens, started.faults + refused)
        yield from cast("list[Answer]", started.answers)  # every slot has been filled

    def _submit(self, priority: int, documents: Sequence[_Document], length: int) -> Future[Scores]:
        cheap = [document.cheap for document in documents if document.cheap is not None]
        call = _Call(
            [document.tokens for document in documents],
            np.stack(cheap) if cheap else None,
            length,
            Future(),
        )
        self._queue.put((priority, next(self._order), call))
        return call.future

    def _work(self, worker: int) -> None:
        while (call := self._queue.get()[2]) is not None:
            try:
                scores = self._scores(worker, call)
            except Exception as error:  # carried to whoever waits for this batch
                call.future.set_exception(error)
            else:
                call.future.set_result(scores)

    def _scores(self, worker: int, call: _Call) -> Scores:
        try:
            found = self._infer(worker, call.tokens, call.length)
        except Exception as error:
            return self._alone(worker, call, error)
        self._sound = call.tokens[0]
        return self._answered(found, call.cheap)

    def _alone(self, worker: int, call: _Call, error: Exception) -> Scores:
        """Try each document of a batch that failed by itself.

        A document at fault costs its own answer and no other's. That it is at fault, and not the
        model, is believed only while the model works on another document.

        Raises:
            Exception: `error`, where it does not.
        """
        scores: list[Found | _Refused] = []
        for position, tokens in enumerate(call.tokens):
            try:
                found = self._infer(worker, [tokens], call.length)
            except Exception as fault:  # whatever a runtime raises; it becomes the answer
                scores.append(_Refused(f"{type(fault).__name__}: {fault}"))
            else:
                self._sound = tokens
                cheap = None if call.cheap is None else call.cheap[position : position + 1]
                scores += self._answered(found, cheap)
        if all(isinstance(found, _Refused) for found in scores) and not self._works(worker):
            raise error
        return scores

    def _works(self, worker: int) -> bool:
        """Whether the model still answers a document that it answered before."""
        sound = self._sound
        if sound is None:
            return False
        try:
            self._infer(worker, [sound], self._policy.padded_length(len(sound)))
        except Exception:  # whatever a runtime raises; the caller raises what came first
            return False
        return True

    def _infer(self, worker: int, tokens: Sequence[array[int]], length: int) -> NDArray[np.float32]:
        """The backend's probabilities.

        Raises:
            Exception: whatever the backend raises.
            FloatingPointError: one of them is no number, which no store takes and JSON has not.
        """
        with self._meter.model_call():
            found = self._backend.infer(worker, tokens, length)
        if not np.isfinite(found).all():
            raise FloatingPointError("the model gives a probability that is no number")
        return found

    def _answered(
        self, found: NDArray[np.float32], cheap: NDArray[np.float32] | None
    ) -> list[Found]:
        """What is said of each document."""
        if self._cascade is not None and cheap is not None:
            found = self._cascade.pooled(cheap, found)
        return self._heads.read(found)


@dataclass(frozen=True, slots=True)
class _Call:
    """One batch for a worker; `cheap` has a row a document where there is a cheap stage."""

    tokens: Sequence[array[int]]
    cheap: NDArray[np.float32] | None
    length: int
    future: Future[Scores]
