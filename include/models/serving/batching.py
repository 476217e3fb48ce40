"""Pack documents of unequal length into batches of few, known shapes. Pure.

Documents of a window are grouped by their length rounded up to a multiple of `length_step`, and
each group is cut into batches as large as a token budget allows, its rest into powers of two. So:

- padding costs at most `length_step - 1` places a document, and no row is a dummy;
- a document is always padded to the same length whatever shares its batch, so its label cannot
  depend on its neighbours' lengths;
- the shapes a process can ever see are few (`possible_shapes`), which keeps the runtime's
  per-shape kernels, hence its memory, bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

DEFAULT_BUDGET_TOKENS = 1024
"""A batch of so many tokens reuses the weights well, and its activations stay in the cache."""


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """How batches are shaped.

    Attributes:
        max_tokens: the longest document, in tokens; lengths never exceed it.
        budget_tokens: rows times padded length of a batch, at most; a single row may exceed it.
        length_step: padded lengths are multiples of it (or `max_tokens`).
    """

    max_tokens: int
    budget_tokens: int = DEFAULT_BUDGET_TOKENS
    length_step: int = 16

    def __post_init__(self) -> None:
        for name in ("max_tokens", "budget_tokens", "length_step"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")

    def padded_length(self, length: int) -> int:
        """Tokens that a document of `length` tokens takes once padded."""
        step = self.length_step
        return min(-(-max(length, 1) // step) * step, self.max_tokens)

    def max_rows(self, padded_length: int) -> int:
        """The rows that fit the budget; at least 1."""
        return max(self.budget_tokens // padded_length, 1)

    def possible_shapes(self) -> Iterator[tuple[int, int]]:
        """Every (rows, length) that `plan_batches` can produce under this policy."""
        lengths = sorted({self.padded_length(n) for n in range(1, self.max_tokens + 1)})
        for length in lengths:
            rows = self.max_rows(length)
            while rows:
                yield rows, length
                rows = _power_of_two(rows - 1)


@dataclass(frozen=True, slots=True)
class Batch:
    """Positions (into the window) of the documents of one model call, padded to `length`."""

    positions: tuple[int, ...]
    length: int


def plan_batches(lengths: Sequence[int], policy: BatchPolicy) -> list[Batch]:
    """Cut a window into batches, the longest documents first.

    Args:
        lengths: tokens of each document of the window, each at most `policy.max_tokens`.
        policy: the bounds.

    Returns:
        Batches that hold every position of `lengths` exactly once.

    Raises:
        ValueError: a length exceeds `policy.max_tokens`.
    """
    groups: dict[int, list[int]] = {}
    for position, length in enumerate(lengths):
        if length > policy.max_tokens:
            raise ValueError(f"document {position} has {length} tokens, over {policy.max_tokens}")
        groups.setdefault(policy.padded_length(length), []).append(position)
    batches: list[Batch] = []
    for padded in sorted(groups, reverse=True):
        batches.extend(_cut(groups[padded], padded, policy.max_rows(padded)))
    return batches


def windows(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut a stream into lists of `size` items; the last may be shorter."""
    stream = iter(items)
    while window := list(islice(stream, size)):
        yield window


def _cut(positions: Sequence[int], length: int, rows: int) -> Iterator[Batch]:
    start = 0
    while start < len(positions):
        if rows > len(positions) - start:
            rows = _power_of_two(len(positions) - start)
        yield Batch(tuple(positions[start : start + rows]), length)
        start += rows


def _power_of_two(rows: int) -> int:
    """The largest power of two up to `rows`; 0 for none."""
    return int(1 << (rows.bit_length() - 1)) if rows else 0
