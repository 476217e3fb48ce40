"""Read any JSON Lines file of texts, and order it so that a prefix is a fair sample. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class DocumentsError(ValueError):
    """The file cannot be measured on; the message names the line."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text, and its class where the file knows it."""

    id: str
    text: str
    label: str | None


def parse(lines: Iterable[str]) -> list[Document]:
    """Read `{"text", "id"?, "title"?, "label"?}` lines; blank lines are skipped.

    Raises:
        DocumentsError: a line is not such an object, or there is none.
    """
    documents = [_parse(line, number) for number, line in enumerate(lines, 1) if line.strip()]
    if not documents:
        raise DocumentsError("the file holds no document")
    return documents


def spread(documents: Sequence[Document]) -> list[Document]:
    """Order documents by their id's hash: neither length nor class favours any place."""
    return sorted(documents, key=lambda d: hashlib.sha256(d.id.encode()).digest())


def within_budget(lengths: Iterable[int], budget_tokens: int) -> int:
    """How many documents from the front fit the budget; at least one.

    Args:
        lengths: tokens of each document, truncated as the model will see it.
        budget_tokens: tokens that one pass may take in all.
    """
    count = total = 0
    for length in lengths:
        total += length
        if total > budget_tokens:
            break
        count += 1
    return max(count, 1)


def _parse(line: str, number: int) -> Document:
    try:
        value = json.loads(line)
        text = value["text"]
    except (ValueError, TypeError, KeyError) as error:
        raise DocumentsError(f"line {number}: not a document: {error!r}") from error
    if not isinstance(text, str) or not text.strip():
        raise DocumentsError(f"line {number}: text must be a string that is not empty")
    title, label = value.get("title"), value.get("label")
    return Document(
        id=str(value.get("id", number)),
        text=f"{title}. {text}" if title else text,
        label=None if label is None else str(label),
    )
