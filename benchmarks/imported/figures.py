"""How far answers are from those of transformers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_DIFFERENCE: dict[str, float | None] = {"fp32": 0.01, "int8": None}
"""Of a probability: in fp32 the graph's weights are kept in 16 bits; int8 may move one further."""
MIN_AGREEMENT = {"fp32": 1.0, "int8": 0.95}
"""Share of the documents with the same label; near ties are let off, see `compare`."""


@dataclass(frozen=True)
class Comparison:
    """Answers beside the owner's.

    Attributes:
        documents: how many were compared.
        agreement: share with the same label, 0 to 1.
        difference: the largest, of the winning label's probability.
        rarest: documents of the owner's rarest label; 0 would make agreement easy.
    """

    documents: int
    agreement: float
    difference: float
    rarest: int

    def is_within(self, precision: str) -> bool:
        """Whether the answers are the owner's, as far as the precision allows."""
        limit = MAX_DIFFERENCE[precision]
        is_near = limit is None or self.difference <= limit
        return is_near and self.agreement >= MIN_AGREEMENT[precision]


def compare(
    expected: Sequence[Sequence[float]], labels: Sequence[str], found: Sequence[Mapping[str, Any]]
) -> Comparison:
    """Compare response lines with the owner's probabilities, document by document.

    A label counts as the same where the owner gives it as much as its own to within 0.01: which of
    two equals wins is nobody's fault.

    Args:
        expected: shape [documents, labels].
        labels: in the order of the probabilities.
        found: response lines, with `label` and `score`.

    Raises:
        ValueError: a line is missing or an error.
    """
    if len(found) != len(expected) or any("label" not in line for line in found):
        faulty = [line for line in found if "label" not in line]
        raise ValueError(f"{len(found)} answers to {len(expected)} documents, faulty: {faulty[:3]}")
    same, difference = 0, 0.0
    for row, line in zip(expected, found, strict=True):
        given = row[labels.index(line["label"])]
        same += max(row) - given <= 0.01
        difference = max(difference, abs(given - line["score"]))
    said = [list(row).index(max(row)) for row in expected]
    rarest = min(said.count(k) for k in range(len(labels)))
    return Comparison(len(found), same / len(found), difference, rarest)
