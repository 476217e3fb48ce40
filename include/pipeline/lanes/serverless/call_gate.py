"""A gate for calls in flight that narrows when the endpoint throttles and widens again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from include.domain.errors import EndpointThrottled
from include.domain.execution.pacing import Allowance


class CallGate:
    """Shared by the threads of one batch.

    Args:
        ceiling: calls in flight at the most.
    """

    def __init__(self, ceiling: int) -> None:
        self._allowance = Allowance(float(ceiling), ceiling)
        self._in_flight = 0
        self._round = 0
        self._changed = threading.Condition()

    @property
    def allowed(self) -> int:
        """Calls that may be in flight now."""
        return int(self._allowance.calls)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Wait for a place, and hold it during the block; learn from how the block ends."""
        with self._changed:
            self._changed.wait_for(lambda: self._in_flight < self.allowed)
            self._in_flight += 1
            begun_in = self._round
        try:
            yield
        except EndpointThrottled:
            self._leave(begun_in, is_throttled=True)
            raise
        except BaseException:
            self._leave(None, is_throttled=False)
            raise
        self._leave(begun_in, is_throttled=False)

    def _leave(self, begun_in: int | None, *, is_throttled: bool) -> None:
        with self._changed:
            self._in_flight -= 1
            # Calls that were in flight together are throttled together: that is one sign, not many.
            if is_throttled and begun_in == self._round:
                self._allowance = self._allowance.after_throttle()
                self._round += 1
            elif not is_throttled and begun_in is not None:
                self._allowance = self._allowance.after_success()
            self._changed.notify_all()
