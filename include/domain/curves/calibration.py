"""Which probe is next: sizes rise until one fails or the budget ends, then they back off."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ACCOUNT = "calibration"
"""Stands where a batch has its account; no account of this name exists."""

CLOSE = 2
"""The largest batch is known well enough when the next that failed is at most so many times it."""

FIRST_STEP_BACK = 4
"""A length whose first size fails goes on with this fraction of it."""

SAFE_MEMORY = 0.85
"""A probe is not begun that is expected to take more of the memory: SageMaker measures once a
minute, and a container that has none left is killed."""

TIME_OVER = "the calibration's time was over"
"""Stands in the failure of a probe that was stopped for that alone: it met no limit of its lane."""

MOST_FAILURES = 3
"""Failures at one length before it is left."""


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """What a probe is: so many documents, each of so many tokens."""

    document_tokens: int
    documents: int

    @property
    def tokens(self) -> int:
        """Tokens in all."""
        return self.document_tokens * self.documents


@dataclass(frozen=True, slots=True)
class Tried:
    """A probe that has ended.

    Attributes:
        expected_s: what its lane's curve said before; `latency_s` is what it took.
        failure: why it failed; empty where it did not.
        memory_share: the most of its instances' memory, or of a GPU's, that it took, 0 to 1; None
            where nobody has said, which is not little.
    """

    shape: Shape
    expected_s: float
    latency_s: float
    list_cost_usd: float
    failure: str = ""
    memory_share: float | None = None

    @property
    def was_too_much(self) -> bool:
        """Whether the lane gave it up, as far as can be told because of its size."""
        return bool(self.failure) and TIME_OVER not in self.failure


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of a calibration's money and time."""

    usd: float
    seconds: float


Estimate = Callable[[Shape], tuple[float, float]]
"""Seconds and US dollars that a probe is expected to take."""


def next_shape(
    plan: Sequence[Shape],
    tried: Sequence[Tried],
    *,
    admits: Callable[[Shape], bool],
    estimate: Estimate,
    left: Budget,
) -> tuple[Shape | None, str]:
    """Return the next probe and "", or None and why there is none.

    Of the lengths that are not done, the smallest probe goes first, so that what is learned of
    small ones says what larger ones cost before they are asked for.
    """
    lengths = sorted({shape.document_tokens for shape in plan})
    open_shapes = [
        shape for length in lengths if (shape := _next_of_length(length, plan, tried)) is not None
    ]
    admitted = [shape for shape in open_shapes if admits(shape)]
    if not admitted:
        return None, "every size was tried, or is not admitted" if open_shapes else "done"
    shape = min(admitted, key=lambda each: (each.tokens, each))
    seconds, usd = estimate(shape)
    if usd > left.usd:
        return None, f"the next probe may cost ${usd:.4f}, and ${max(left.usd, 0):.4f} is left"
    if seconds > left.seconds:
        return None, f"the next probe may take {seconds:,.0f} s, {max(left.seconds, 0):,.0f} s left"
    return shape, ""


def largest(tried: Sequence[Tried], document_tokens: int) -> int:
    """Return the documents of the largest batch of a length that went well; 0 without one."""
    return max(
        (
            each.shape.documents
            for each in tried
            if each.shape.document_tokens == document_tokens and not each.failure
        ),
        default=0,
    )


def memory_room(tried: Sequence[Tried]) -> float:
    """Return the documents up to which probes of one length are expected to fit into memory.

    A line through the two largest that went well and whose memory is known; infinite where there
    are not two, or where memory does not grow: what is streamed takes no more.
    """
    known = sorted(
        (each.shape.documents, each.memory_share)
        for each in tried
        if each.memory_share is not None and not each.failure
    )
    if known and known[-1][1] > SAFE_MEMORY:
        return known[-1][0]
    if len(known) < 2:
        return math.inf
    (fewer, less), (more, most) = known[-2:]
    a_document = (most - less) / (more - fewer)
    return math.inf if a_document <= 0 else more + int((SAFE_MEMORY - most) / a_document)


def _next_of_length(length: int, plan: Sequence[Shape], tried: Sequence[Tried]) -> Shape | None:
    own = [each for each in tried if each.shape.document_tokens == length]
    failed = [each.shape.documents for each in own if each.failure]
    if not failed:
        known = {each.shape.documents for each in own}
        sizes = sorted(s.documents for s in plan if s.document_tokens == length)
        size = next((size for size in sizes if size not in known), None)
        room = memory_room(own)
        if size is None or room >= size:
            return None if size is None else Shape(length, size)
        return Shape(length, int(room)) if known and room > CLOSE * max(known) else None
    if len(failed) >= MOST_FAILURES:
        return None
    worked, least = largest(own, length), min(failed)
    if not worked:
        size = least // FIRST_STEP_BACK
        return Shape(length, size) if size else None
    return None if least <= CLOSE * worked else Shape(length, math.isqrt(worked * least))
