"""A tokenizing process: chunks in, tokens out; answers in, lines out. Needs no torch.

A thread of its own takes what comes in, so the process at the other end is never kept waiting
while it has something to send; answers go before chunks that are still to be read.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .chunk import Chunk, ChunkReader, Source


@dataclass(frozen=True)
class ReadTask:
    """Tokenize a chunk, and keep it."""

    number: int
    source: Source


@dataclass(frozen=True)
class WriteTask:
    """Write the chunk's lines from the device's answers, see `ChunkReader.write`."""

    number: int
    probabilities: NDArray[np.float32]


@dataclass(frozen=True)
class Tokens:
    """A chunk's documents for the device, see `Chunk`; at least one."""

    number: int
    flat: NDArray[np.int32]
    lengths: NDArray[np.int32]


@dataclass(frozen=True)
class Lines:
    """A chunk's response lines, for each model, and what it held."""

    number: int
    lines: list[bytes]
    documents: int
    tokens: int
    faults: int


@dataclass(frozen=True)
class Failure:
    """The process cannot go on."""

    reason: str


Task = ReadTask | WriteTask
Report = Tokens | Lines | Failure

_Waiting = queue.PriorityQueue[tuple[int, int, Task | None]]


def work(connection: Connection, folders: Sequence[Path]) -> None:
    """Serve tasks until the other end is closed."""
    # One process a core: the tokenizer's own threads would only be in each other's way.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # the other end decides when it is over
    try:
        _serve(connection, ChunkReader(folders))
    except (BrokenPipeError, ConnectionResetError):
        pass  # the other end is gone, and so is this one
    except Exception as error:  # told, not swallowed: the job fails with this reason
        connection.send(Failure(f"{type(error).__name__}: {error}"))


def _serve(connection: Connection, reader: ChunkReader) -> None:
    waiting: _Waiting = queue.PriorityQueue()
    threading.Thread(target=_receive, args=(connection, waiting), daemon=True).start()
    chunks: dict[int, Chunk] = {}
    while (task := waiting.get()[2]) is not None:
        match task:
            case ReadTask(number=number, source=source):
                chunk = reader.read(source)
                if len(chunk.lengths):
                    chunks[number] = chunk
                    connection.send(Tokens(number, chunk.flat, chunk.lengths))
                else:
                    connection.send(_lines(reader, number, chunk, reader.nothing))
            case WriteTask(number=number, probabilities=probabilities):
                connection.send(_lines(reader, number, chunks.pop(number), probabilities))


def _lines(
    reader: ChunkReader, number: int, chunk: Chunk, probabilities: NDArray[np.float32]
) -> Lines:
    lines = reader.write(chunk, probabilities)
    return Lines(number, lines, len(chunk.answers[0]), chunk.tokens, chunk.faults)


def _receive(connection: Connection, waiting: _Waiting) -> None:
    arrived = 0
    try:
        while True:
            task: Task = connection.recv()
            arrived += 1
            waiting.put((isinstance(task, ReadTask), arrived, task))
    except (EOFError, OSError):
        waiting.put((-1, 0, None))
