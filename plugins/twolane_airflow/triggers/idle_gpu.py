"""Looks at GPUs from within the triggerer until one of them does nothing and may be let go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

FOUND = "found"
FAILED = "failed"

PATIENCE = 6
"""Looks in a row that may go wrong before the wait is given up."""


class IdleGpuTrigger(BaseTrigger):
    """Fires once: with the names of what is idle and may be let go, or none after `patience_s`.

    Each look keeps samples, counts savings on, and posts what is idle and has to be left, which is
    nothing to resume for. It changes no instance: the task that resumes looks again and acts.

    Args:
        region: of the AWS that is looked at.
        endpoint_urls: by service, where that AWS answers.
        interval_s: seconds before each look.
        patience_s: seconds in all.
    """

    def __init__(
        self,
        *,
        region: str,
        endpoint_urls: Mapping[str, str],
        interval_s: float,
        patience_s: float,
    ) -> None:
        super().__init__()
        self.region = region
        self.endpoint_urls = dict(endpoint_urls)
        self.interval_s = interval_s
        self.patience_s = patience_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class's path and its arguments."""
        arguments = {
            "region": self.region,
            "endpoint_urls": self.endpoint_urls,
            "interval_s": self.interval_s,
            "patience_s": self.patience_s,
        }
        return f"{__name__}.{type(self).__qualname__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until there is something to resume for."""
        from include.domain.errors import TwolaneError

        went_wrong, ends_at = 0, time.monotonic() + self.patience_s
        while True:
            await asyncio.sleep(self.interval_s)
            try:
                to_free = await asyncio.to_thread(self._look)
                went_wrong = 0
            except TwolaneError as exc:
                # A service may be restarting; what is asked of it can be asked again.
                went_wrong += 1
                self.log.warning("look %d of %d went wrong: %s", went_wrong, PATIENCE, exc)
                if went_wrong < PATIENCE:
                    continue
                yield TriggerEvent({"status": FAILED, "message": str(exc)})
                return
            except Exception as exc:
                self.log.exception("cannot look at GPUs")
                yield TriggerEvent({"status": FAILED, "message": f"{type(exc).__name__}: {exc}"})
                return
            if to_free or time.monotonic() >= ends_at:
                yield TriggerEvent({"status": FOUND, "idle": to_free})
                return

    def _look(self) -> list[str]:
        from include.wiring.gpus import gpu_watch_at

        watch = gpu_watch_at(self.region, tuple(sorted(self.endpoint_urls.items())))
        look = watch.look_at_gpus()
        self.log.debug("%d with GPUs, %d idle", len(look.findings), len(look.idle))
        for finding in look.findings:
            name, standing = finding.resource.resource_id, finding.standing.value
            self.log.info("%s: %s (%s)", name, standing, finding.reason)
        return watch.to_free(look)
