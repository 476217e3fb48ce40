"""Labelled documents whose words tell their label, more or less; and the same, mislabelled."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cache

from include.domain.release.split import is_tested

Document = dict[str, str]

LABELS = ("billing", "delivery", "login", "returns")
_TELLING_WORDS = {"tickets": 300, "letters": 10}
_COMMON_WORDS = 120
_TELLING, _LETTERS = 0.4, 0.07


def topics(count: int, seed: int = 0) -> list[Document]:
    """Documents of the slices `tickets` and, a few, `letters`.

    Letters have words of their own, so that what is learned of them is of no use elsewhere, and
    few of them: a model knows letters soon, and tickets better with every document.
    """
    chance = random.Random(seed)  # noqa: S311
    documents = []
    for number in range(count):
        label = chance.choice(LABELS)
        kind = "letters" if chance.random() < _LETTERS else "tickets"
        words = [_word(chance, kind, label) for _ in range(chance.randint(5, 9))]
        documents.append(
            {"id": f"{seed}-{number}", "text": " ".join(words), "label": label, "slice": kind}
        )
    return documents


def mislabelled(
    documents: Iterable[Document],
    share: float,
    test_percent: int,
    where: Callable[[Document], bool] = lambda document: True,
) -> list[Document]:
    """Draw the labels of a share of those that are trained on anew; the tested keep theirs."""
    chance = random.Random(1)  # noqa: S311
    return [
        document | {"label": chance.choice(LABELS)}
        if where(document)
        and not is_tested(document["text"], test_percent)
        and chance.random() < share
        else document
        for document in documents
    ]


def _word(chance: random.Random, kind: str, label: str) -> str:
    if chance.random() < _TELLING:
        return _invented(f"{kind} {label} {chance.randrange(_TELLING_WORDS[kind])}")
    return _invented(f"{kind} {chance.randrange(_COMMON_WORDS)}")


@cache
def _invented(name: str) -> str:
    """A word of its own for each name; its letters tell nothing of what it stands for."""
    chance = random.Random(name)  # noqa: S311
    return "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(3))
