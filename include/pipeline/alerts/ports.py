"""What alerts need of the world."""

from __future__ import annotations

from typing import Protocol

from include.domain.alerts import Alert


class AlertBook(Protocol):
    """Where watchers leave what a person should hear of. Sending is somebody else's work."""

    def post(self, alert: Alert) -> bool:
        """Keep an alert.

        An alert of the same kind and subject that was seen within the book's quiet time is the
        same one: it is counted, and its first words stay.

        Returns:
            True if it is new.

        Raises:
            StoreError: the store cannot be reached.
        """
        ...
