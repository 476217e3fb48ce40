"""What is watched of a document, as small numbers that can be added up."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterable
from enum import StrEnum

LENGTH_BINS = 52
"""Four to a doubling, from 16 characters to 131,072."""

SCORE_BINS = 40
"""Two to each halving of what is left to certainty."""

VOCABULARY_WIDTH = 24
EMBEDDING_WIDTH = 16

MAX_CHARACTERS = 2_560
"""Words are taken from the head of a longer text, as the model does."""

_WORD = re.compile(r"[^\W_]+")


class Feature(StrEnum):
    """What a comparison is about; the value is what tables and reports show."""

    LENGTH = "length"
    VOCABULARY = "vocabulary"
    EMBEDDING = "embedding"
    LABELS = "labels"
    SCORE = "score"
    QUALITY = "quality"


def length_bin(characters: int) -> int:
    """Return the bin of a text's length."""
    if characters <= 16:
        return 0
    return min(math.ceil(4 * math.log2(characters / 16)), LENGTH_BINS - 1)


def length_of_bin(index: int) -> int:
    """Return the longest text of a bin, in characters."""
    return round(16 * 2 ** (index / 4))


def score_bin(score: float) -> int:
    """Return the bin of a probability; bins grow narrow towards 1, where most answers lie."""
    left = max(1.0 - score, 2.0 ** (-SCORE_BINS / 2))
    return min(int(-2 * math.log2(left)), SCORE_BINS - 1)


def words(text: str) -> set[str]:
    """Return the different words of a text's head, in lower case."""
    return set(_WORD.findall(text[:MAX_CHARACTERS].lower()))


def vocabulary_vector(found: Iterable[str]) -> list[float]:
    """Return a text's words hashed with signs into `VOCABULARY_WIDTH` numbers, of unit length.

    Feature hashing (Weinberger et al., 2009): the inner products of such vectors are those of the
    texts' bags of words, but for noise. The hash is the same on every machine.
    """
    vector = [0.0] * VOCABULARY_WIDTH
    for word in found:
        code = zlib.crc32(word.encode("utf-8", "replace"))
        vector[(code >> 1) % VOCABULARY_WIDTH] += 1.0 if code & 1 else -1.0
    norm = math.sqrt(sum(value * value for value in vector))
    return [value / norm for value in vector] if norm else vector
