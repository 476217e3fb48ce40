"""Synthetic documents for tests of drift: words drawn from a topic, so that topics differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from include.domain.drift.features import EMBEDDING_WIDTH
from include.domain.drift.sketch import Sketch
from include.pipeline.drift.document_features import WatchedDocument, WordVectors, feature_rows

TOPICS = {
    "Sports": [f"sport{n}" for n in range(60)],
    "World": [f"world{n}" for n in range(60)],
    "Else": [f"else{n}" for n in range(60)],
}
COMMON = [f"common{n}" for n in range(40)]
EVEN = {"Sports": 0.5, "World": 0.5}


def vectors() -> WordVectors:
    """Words of one topic lie near each other."""
    random = np.random.default_rng(0)
    rows = []
    for words in (*TOPICS.values(), COMMON):
        centre = random.normal(size=EMBEDDING_WIDTH)
        rows += [centre + random.normal(size=EMBEDDING_WIDTH) for _ in words]
    names = [word for words in (*TOPICS.values(), COMMON) for word in words]
    return WordVectors({word: row for row, word in enumerate(names)}, np.array(rows))


VECTORS = vectors()


def documents(
    random: np.random.Generator,
    count: int,
    shares: Mapping[str, float] = EVEN,
    words: tuple[int, int] = (10, 40),
) -> list[WatchedDocument]:
    """Documents of topics in shares; the label is the topic, a stranger's is one of the known."""
    names = list(shares)
    found = []
    for topic in random.choice(names, size=count, p=list(shares.values())):
        length = int(random.integers(*words))
        drawn = random.choice(TOPICS[str(topic)] + COMMON, size=length)
        label = str(topic) if topic in EVEN else str(random.choice(list(EVEN)))
        score = float(random.beta(8, 1) if topic in EVEN else random.beta(2, 2))
        found.append(WatchedDocument(" ".join(drawn), label, score))
    return found


def sketch(random: np.random.Generator, count: int, shares: Mapping[str, float] = EVEN) -> Sketch:
    """A day of such documents."""
    return feature_rows(documents(random, count, shares), VECTORS).sketch()


def days(
    random: np.random.Generator, count: int, size: int, shares: Mapping[str, float] = EVEN
) -> Sequence[Sketch]:
    """Several days."""
    return [sketch(random, size, shares) for _ in range(count)]
