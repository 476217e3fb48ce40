"""Rates of the product's engine: the device alone, the tokenizers alone, and both as in a job."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from serving.metering import Meter
from serving.shard_files import count_records, read_shard
from torch_engine.chunk import ChunkReader
from torch_engine.loading import LoadedModels
from torch_engine.packing import pack
from torch_engine.pipeline import ShardPipeline
from torch_engine.pool import WorkerPool


class NoDevice:
    """Answers at once, so that what is left is reading, tokenizing and writing.

    Args:
        classes: of the model it stands for.
    """

    budget_tokens = 2**31

    def __init__(self, classes: int) -> None:
        self._classes = classes

    def start(self, flat: NDArray[np.int32], lengths: NDArray[np.int32]) -> NoDevice:
        """Take documents, as `torch_engine.runner.Runner` does."""
        self._documents = len(lengths)
        return self

    def result(self) -> NDArray[np.float32]:
        """Say class 0 of each."""
        return np.eye(1, self._classes, dtype=np.float32).repeat(self._documents, axis=0)


@dataclass(frozen=True)
class Ours:
    """The engine on one file of documents.

    Attributes:
        models: the loaded model.
        pool: tokenizing processes of the same artifact.
        shard: the documents.
        flat: their tokens, made before, in another order.
        lengths: the tokens of each.
    """

    models: LoadedModels
    pool: WorkerPool
    shard: Path
    flat: NDArray[np.int32]
    lengths: NDArray[np.int32]

    def device_seconds(self) -> float:
        """All documents through the device, tokenized before."""
        started = time.perf_counter()
        self.models.runner.start(self.flat, self.lengths).result()
        return time.perf_counter() - started

    def tokenizer_seconds(self) -> float:
        """All documents read, tokenized and written, without a device."""
        return self._job_seconds(
            ShardPipeline(self.pool, NoDevice(len(self.models.artifacts[0].labels)), Meter())
        )

    def job_seconds(self) -> float:
        """All documents as a job has them, from the file to response lines."""
        return self._job_seconds(ShardPipeline(self.pool, self.models.runner, Meter()))

    def cosines(self, reference: torch.nn.Module, count: int = 200) -> NDArray[np.float32]:
        """The first documents' embeddings against those of `reference`, an fp32 encoder."""
        ends = np.cumsum(self.lengths[:count])
        tokens = np.split(self.flat[: ends[-1]], ends[:-1])
        with torch.inference_mode():
            wanted = reference(pack(tokens)).numpy()
            model = self.models.runner.model
            given = pack(tokens).to(next(model.parameters()).device)
            found = model.encoder(given).float().cpu().numpy()
        cosines: NDArray[np.float32] = (wanted * found).sum(axis=1)
        return cosines

    def _job_seconds(self, pipeline: ShardPipeline) -> float:
        started = time.perf_counter()
        for _ in pipeline(iter([self.shard])):
            pass
        return time.perf_counter() - started


@contextmanager
def opened(models: LoadedModels, tokenizers: int, documents: Path, shard: Path) -> Iterator[Ours]:
    """The engine, its processes running until the block ends.

    Args:
        models: the loaded model.
        tokenizers: how many processes.
        documents: what `shard` repeats; tokenized once here, the tokens then repeated.
        shard: what a job is to do.
    """
    different = islice(read_shard(shard), count_records(documents))
    chunk = ChunkReader(models.folders).read(list(different))
    count = count_records(shard)
    lengths = np.resize(chunk.lengths, count)
    flat = np.resize(chunk.flat, int(lengths.sum()))
    with WorkerPool(models.folders, tokenizers) as pool:
        yield Ours(models, pool, shard, flat, lengths)
