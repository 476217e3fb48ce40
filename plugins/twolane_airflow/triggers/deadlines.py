"""Looks at the deadlines of running batches from within the triggerer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from include.domain.sla.events import SlaEvent

ENDED = "ended"
FAILED = "failed"

PATIENCE = 30
"""Looks in a row that may go wrong before the watch is given up: five minutes, ten seconds each."""


class DeadlineTrigger(BaseTrigger):
    """Looks until its time is over, then fires once with how much was found.

    A look does what there is to do: it posts, records, and wishes of lanes' drivers. All of it is
    kept in the stores, so a trigger that is started anew goes on where the one before it was.

    Args:
        look_for: `risks` or `misses`.
        region: of the AWS on which batches run.
        endpoint_urls: by service, where that AWS answers.
        look_s: seconds between two looks.
        watch_s: seconds in all.
    """

    def __init__(
        self,
        *,
        look_for: str,
        region: str,
        endpoint_urls: Mapping[str, str],
        look_s: float,
        watch_s: float,
    ) -> None:
        super().__init__()
        self.look_for = look_for
        self.region = region
        self.endpoint_urls = dict(endpoint_urls)
        self.look_s = look_s
        self.watch_s = watch_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class's path and its arguments."""
        arguments = {
            "look_for": self.look_for,
            "region": self.region,
            "endpoint_urls": self.endpoint_urls,
            "look_s": self.look_s,
            "watch_s": self.watch_s,
        }
        return f"{__name__}.{type(self).__qualname__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, again and again."""
        from include.domain.errors import TwolaneError

        found, went_wrong, ends_at = 0, 0, time.monotonic() + self.watch_s
        while time.monotonic() < ends_at:
            try:
                events = await asyncio.to_thread(self._look)
                went_wrong = 0
            except TwolaneError as exc:
                # A service may be restarting; what is asked of it can be asked again.
                went_wrong += 1
                self.log.warning("look %d of %d went wrong: %s", went_wrong, PATIENCE, exc)
                if went_wrong >= PATIENCE:
                    yield TriggerEvent({"status": FAILED, "message": str(exc)})
                    return
                events = []
            except Exception as exc:
                self.log.exception("cannot look at deadlines")
                yield TriggerEvent({"status": FAILED, "message": f"{type(exc).__name__}: {exc}"})
                return
            for event in events:
                self.log.info("batch %s, %s: %s", event.batch_id, event.kind.value, event.detail)
            found += len(events)
            await asyncio.sleep(self.look_s)
        yield TriggerEvent({"status": ENDED, "found": found})

    def _look(self) -> list[SlaEvent]:
        from include.wiring.watch import watch_at

        watch = watch_at(self.region, tuple(sorted(self.endpoint_urls.items())))
        return watch.foresee_misses() if self.look_for == "risks" else watch.report_misses()
