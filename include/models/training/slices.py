"""Parts of the evaluated documents on which a model's figures are looked at by themselves. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .documents import LabelledDocument


def slices_of(documents: Sequence[LabelledDocument]) -> dict[str, list[int]]:
    """Positions of each slice's documents, by the slice's name.

    `length:…` are thirds of the documents by their words, `label:…` those truly of a label,
    `slice:…` those whose own field says so. A slice without documents is not there.
    """
    return {
        name: positions
        for name, positions in (
            *_by_length([len(document.text.split()) for document in documents]),
            *_by_name("label", (document.label for document in documents)),
            *_by_name("slice", (document.slice for document in documents)),
        )
        if positions
    }


def _by_length(words: Sequence[int]) -> list[tuple[str, list[int]]]:
    """Documents of the same length are in the same slice."""
    ordered = sorted(words)
    first, second = ordered[len(words) // 3], ordered[2 * len(words) // 3]
    return [
        ("length:short", [p for p, n in enumerate(words) if n < first]),
        ("length:middle", [p for p, n in enumerate(words) if first <= n < second]),
        ("length:long", [p for p, n in enumerate(words) if second <= n]),
    ]


def _by_name(kind: str, values: Iterable[str | None]) -> list[tuple[str, list[int]]]:
    found: dict[str, list[int]] = {}
    for position, value in enumerate(values):
        if value:
            found.setdefault(f"{kind}:{value}", []).append(position)
    return sorted(found.items())
