"""How many documents fit on an instance, as calibration has found: memory, or whatever gave way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.domain.curves.calibration import CLOSE, Tried, largest, memory_room


@dataclass(frozen=True, slots=True)
class DocumentLimit:
    """Of documents of one length.

    Attributes:
        document_tokens: their length.
        documents: that fit on an instance; None where no end was found.
    """

    document_tokens: int
    documents: int | None


def most_documents(limits: Sequence[DocumentLimit], document_tokens: float) -> int | None:
    """Return how many documents of a length fit on an instance; None where no end is known.

    As many as of the shortest length that was tried and is no shorter; of longer ones than were
    tried, as many tokens as of the longest, and one at the least: a model cuts what is too long.
    """
    tried = sorted(limits, key=lambda each: each.document_tokens)
    if not tried:
        return None
    known = next((each for each in tried if each.document_tokens >= document_tokens), tried[-1])
    if known.documents is None or known.document_tokens >= document_tokens:
        return known.documents
    return max(1, int(known.documents * known.document_tokens / document_tokens))


def limits_after(
    limits: Sequence[DocumentLimit], tried: Sequence[Tried]
) -> tuple[DocumentLimit, ...]:
    """Return limits as they are known after a calibration that has ended.

    A limit that was known stays where the calibration met none and did not go beyond it.
    """
    known = {each.document_tokens: each.documents for each in limits}
    for length in sorted({each.shape.document_tokens for each in tried}):
        found, before = _limit(tried, length), known.get(length)
        if found is not None or before is None or largest(tried, length) > before:
            known[length] = found
    return tuple(DocumentLimit(length, documents) for length, documents in sorted(known.items()))


def _limit(tried: Sequence[Tried], document_tokens: int) -> int | None:
    """Return the documents that fit: what worked below a failure, or what memory has room for.

    Where nothing worked it is no limit that was met: the lane, or its model, did not work at all.
    Room for many times what was tried is none either: memory rises and falls by itself, and a line
    drawn so far tells of that alone.
    """
    own = [each for each in tried if each.shape.document_tokens == document_tokens]
    worked = largest(own, document_tokens)
    if not worked:
        return None
    if any(each.was_too_much for each in own):
        return worked
    room = memory_room(own)
    return int(room) if room <= CLOSE * worked else None
