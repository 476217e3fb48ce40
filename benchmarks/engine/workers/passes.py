"""What every classifying contender shares: timing a pass, and choosing its batch size."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.engine.case import CaseFiles

TUNED_SHARE = 4
"""One text in so many is what batch sizes are tried on."""

ALONE = 100
"""Texts that are classified one by one too, to see whether company changes a label."""

WARMED_WITH = 8
"""Texts that are classified untimed after a change of batch size."""


class Classifier(ABC):
    """Texts in, label indices out.

    Attributes:
        batch_sizes: what the user of this library would try; the fastest on a slice of the texts
            is kept. Empty where there is nothing to choose.
        batch_size: the one in use.
        takes_one: whether a single text can be asked for without starting anything anew.
    """

    batch_sizes: ClassVar[tuple[int, ...]] = ()
    takes_one: ClassVar[bool] = True

    def __init__(self, files: CaseFiles) -> None:
        self.files = files
        self.case = files.case
        self.texts = files.texts
        self.batch_size = self.batch_sizes[0] if self.batch_sizes else 0

    @abstractmethod
    def classify(self, texts: Sequence[str]) -> list[int]:
        """Return the index of each text's label."""

    def labels_and_embeddings(
        self, texts: Sequence[str]
    ) -> tuple[list[int], NDArray[np.float32] | None]:
        """Return labels and unit-length embeddings, [texts, hidden], None where not to be had."""
        return self.classify(texts), None

    def tune(self) -> dict[str, Any]:
        """See `Contender.tune`."""
        part = self.texts[: max(len(self.texts) // TUNED_SHARE, 1)]
        tried = {}
        for size in self.batch_sizes:
            self.batch_size = size
            self.classify(part[:WARMED_WITH])
            tried[size] = self.seconds(part)
        if tried:
            self.batch_size = min(tried, key=lambda size: tried[size])
        self.classify(part[:WARMED_WITH])
        return {"batch_size": self.batch_size}

    def outputs(self, target: Path) -> dict[str, Any]:
        """See `Contender.outputs`."""
        labels, embeddings = self.labels_and_embeddings(self.texts)
        arrays = {"labels": np.array(labels)}
        if self.takes_one:
            arrays["alone"] = np.array([self.classify([text])[0] for text in self.texts[:ALONE]])
        if embeddings is not None:
            arrays["embeddings"] = np.asarray(embeddings, dtype=np.float32)
        np.savez(target, **arrays)
        return {}

    def close(self) -> None:  # noqa: B027
        """See `Contender.close`; most have nothing to stop."""

    def measure(self) -> dict[str, Any]:
        """See `Contender.measure`."""
        return {"seconds": self.seconds(self.texts)}

    def seconds(self, texts: Sequence[str]) -> float:
        """Classify and return how long it took.

        Raises:
            RuntimeError: a text got no label.
        """
        started = time.perf_counter()
        labels = self.classify(texts)
        seconds = time.perf_counter() - started
        if len(labels) != len(texts):
            raise RuntimeError(f"{len(labels)} labels came back for {len(texts)} texts")
        return seconds


class EmbeddingClassifier(Classifier):
    """A library that embeds; the linear head is applied to what it gives."""

    def __init__(self, files: CaseFiles) -> None:
        super().__init__(files)
        head = np.load(files.head)
        self._weight, self._bias = head["weight"], head["bias"]

    @abstractmethod
    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit-length embeddings, [texts, hidden]."""

    def classify(self, texts: Sequence[str]) -> list[int]:
        """See `Classifier.classify`."""
        return self._labels(self.embed(texts))

    def labels_and_embeddings(self, texts: Sequence[str]) -> tuple[list[int], NDArray[np.float32]]:
        """See `Classifier.labels_and_embeddings`."""
        embeddings = self.embed(texts)
        return self._labels(embeddings), embeddings

    def _labels(self, embeddings: NDArray[np.float32]) -> list[int]:
        return [int(k) for k in (embeddings @ self._weight + self._bias).argmax(axis=1)]
