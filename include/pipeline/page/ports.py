"""What the page needs of the world, as a contract."""

from __future__ import annotations

from typing import Protocol

from include.pipeline.page.figures import PageFigures, Window


class PageBook(Protocol):
    """The product's records, read only. In Aurora. May raise `StoreError`."""

    def figures(self, window: Window) -> PageFigures:
        """Return every figure of the page as it stands at one moment; nothing is written."""
        ...
