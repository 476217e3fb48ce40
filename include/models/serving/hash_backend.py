"""A model without a transformer: the label is a checksum of the text.

It answers through the same engine, batches and wire format as the real model at a thousandth of
the cost, which is what measurements of everything around the model need (memory and time of a
batch of 200,000 documents), and what tests need that are not about labels. Its labels are
deterministic and mean nothing. `contract/trivial_model` is its artifact.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from zlib import crc32


class HashBackend:
    """Label = CRC-32 of the text modulo the classes; probability in [0.5, 1)."""

    def __init__(self, classes: int) -> None:
        self._classes = classes

    def tokenize(self, texts: Sequence[str]) -> list[array[int]]:
        """One token a text: its checksum."""
        return [array("q", (crc32(text.encode("utf-8")),)) for text in texts]

    def infer(
        self, worker: int, tokens: Sequence[array[int]], length: int
    ) -> list[tuple[int, float]]:
        """See `Backend.infer`."""
        return [(ids[0] % self._classes, 0.5 + (ids[0] % 1000) / 2000) for ids in tokens]
