"""The operator of the lanes.

It differs from the Amazon provider's operators where a batch must not be paid for twice: the
job's name is deterministic, a retry adopts the job that already runs, and a killed task stops its
job, Batch Transform included (docs/adr/0007-lane-operator.md).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from include.domain.lanes import Lane
from twolane_airflow.triggers.lane import DONE, FAILED, LOADABLE, LaneTrigger

if TYPE_CHECKING:
    from include.pipeline.batch.load_batch import AheadLoader
    from include.pipeline.lanes.driver import LaneDriver


class LaneOperator(BaseOperator):
    """Runs a batch on a lane, and waits until every shard has its output.

    It waits in its slot while the lane is expected to be done soon, since a deferral costs seconds,
    and in the triggerer when it takes longer. While a lane works on some shards, those it has done
    are collected and loaded: at once in the slot, from the triggerer ever fewer at a time, so that
    little is left to load when the lane is done.

    Args:
        batch_id: templated; the batch's id, its placement recorded.
        lane: the lane's name; None for the one the batch was placed on.
        defer_after_s: seconds to wait in the slot; a lane that is expected to take longer for what
            it has left is deferred at once. None for the setting `defer_after_s`.

    The task's result is the endpoint's or job's name. Its failure carries SageMaker's reason.
    """

    template_fields: Sequence[str] = ("batch_id",)
    ui_color = "#dfe9f5"

    def __init__(
        self,
        *,
        batch_id: Any,
        lane: str | None = None,
        defer_after_s: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.batch_id = batch_id
        self.lane = lane
        self.defer_after_s = defer_after_s
        self._driver: LaneDriver | None = None
        self._loaded_shards = 0
        self._ahead_gave_up = False

    def execute(self, context: Any) -> str:
        """Run the lane; keep what ran and when for the ledger."""
        from include.wiring.batches.bootstrap import twolane

        lane = Lane(self.lane) if self.lane else twolane().placement(self.batch_id).lane
        if lane is Lane.SERVERLESS:
            return twolane().run_serverless(self.batch_id).resource_id
        return self._drive(self.batch_id, lane)

    def execute_complete(self, context: Any, event: Mapping[str, Any] | None = None) -> str:
        """Go on behind a deferral, by what its event says and nothing else.

        Raises:
            JobFailed: the lane failed, or the event does not say that it did not.
        """
        from include.domain.errors import JobFailed

        match event:
            case {"status": str(status), "resource": str(resource)} if status == DONE:
                return resource
            case {"status": str(status), "batch_id": str(batch_id), "lane": str(lane)} if (
                status == LOADABLE
            ):
                return self._drive(batch_id, Lane(lane))
            case {"status": str(status), "message": str(message)} if status == FAILED:
                raise JobFailed(message)
        raise JobFailed(f"batch {self.batch_id}: the trigger's event says nothing known: {event}")

    def on_kill(self) -> None:
        """Stop the lane's work with the task: nobody would collect what it goes on to cost."""
        if self._driver is not None:
            self.log.info("stopping what runs for batch %s", self.batch_id)
            self._driver.stop()

    def _drive(self, batch_id: str, lane: Lane) -> str:
        from include.wiring.batches.bootstrap import twolane

        driver = self._driver = twolane().driver(batch_id, lane)
        ahead = twolane().ahead_loader(batch_id)
        expected_s = twolane().placement(batch_id).latency_s
        started = time.monotonic()
        message = ""
        while not (progress := driver.advance()).is_done:
            if progress.message != message:
                message = progress.message
                self.log.info(message)
            if not progress.is_timed and self._load_ahead(ahead):
                continue
            if time.monotonic() - started >= self._slot_s(expected_s * ahead.share_left):
                self._defer(batch_id, lane, ahead.shards_left)
            time.sleep(progress.look_again_s)
        return progress.resource

    def _slot_s(self, expected_s: float) -> float:
        """Return how long to wait in the slot: not at all for what is known to take longer."""
        from include.wiring.batches.bootstrap import twolane

        limit_s = self.defer_after_s
        if limit_s is None:
            limit_s = twolane().settings.defer_after_s
        return limit_s if expected_s <= limit_s else 0.0

    def _defer(self, batch_id: str, lane: Lane, shards_left: int) -> None:
        from include.wiring.batches.bootstrap import twolane

        settings, aws = twolane().settings, twolane().aws_in_use()
        worth_it = min(settings.ahead_shards, math.ceil(shards_left / 2))
        self.defer(
            trigger=LaneTrigger(
                batch_id=batch_id,
                lane=lane.value,
                region=aws.region,
                endpoint_urls=dict(aws.endpoint_urls),
                look_s=settings.deferred_look_s,
                loaded_shards=self._loaded_shards,
                ahead_shards=0 if self._ahead_gave_up else worth_it,
            ),
            method_name="execute_complete",
        )

    def _load_ahead(self, ahead: AheadLoader) -> int:
        """Load what is done; what goes wrong here is met again, and raised, behind the lane."""
        from include.domain.errors import TwolaneError

        if self._ahead_gave_up:
            return 0
        try:
            loaded = ahead.step()
        except TwolaneError:
            self._ahead_gave_up = True
            self.log.warning("no more loading ahead", exc_info=True)
            return 0
        self._loaded_shards += loaded
        return loaded
