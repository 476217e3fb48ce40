"""What taking feedback needs of the world beside `include.pipeline.ports`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from include.domain.feedback import AnsweredDocument, Feedback, FeedbackRow, RefusedRow


class FeedbackReader(Protocol):
    """Reads uploads of feedback."""

    def read(self, path: Path, *, uri: str) -> Iterator[FeedbackRow | RefusedRow]:
        """Yield every row in file order, faulty rows as what refuses them.

        Raises:
            UnreadableBatch: the file as a whole cannot be read.
            EmptyBatch: it is empty.
        """
        ...


class FeedbackBook(Protocol):
    """Feedback, beside the predictions it is about."""

    def answered(self, account: str, rows: Sequence[FeedbackRow]) -> dict[int, AnsweredDocument]:
        """Return what was answered, by `FeedbackRow.row`; a row about nothing is absent.

        Where the row names no batch, it is the one submitted last.
        """
        ...

    def put(self, feedback: Sequence[Feedback]) -> None:
        """Keep labels; the last word about a document of a batch counts."""
        ...

    def quarantine(
        self, account: str, refused: Sequence[RefusedRow], *, uri: str, digest: str
    ) -> None:
        """Keep rows that were set aside; doing it twice changes nothing."""
        ...
