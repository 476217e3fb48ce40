"""What the page needs of the world, as a contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from include.domain.what_if.scenario import Arrival
from include.pipeline.page.figures import PageFigures, Window


class PageBook(Protocol):
    """The product's records, read only. In Aurora. May raise `StoreError`."""

    def figures(self, window: Window) -> PageFigures:
        """Return every figure of the page as it stands at one moment; nothing is written."""
        ...

    def traffic(self, window: Window, account: str | None, limit: int) -> Sequence[Arrival]:
        """Return the batches that closed well, by submission; the first `limit` of them.

        Args:
            account: whose; everyone's when None.
        """
        ...
