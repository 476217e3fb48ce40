"""The operator of the lanes.

It differs from the Amazon provider's operators where a batch must not be paid for twice: the
job's name is deterministic, a retry adopts the job that already runs, and a killed task stops its
job, Batch Transform included (docs/adr/0007-lane-operator.md).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from include.domain.lanes import Lane

if TYPE_CHECKING:
    from include.pipeline.lane_driver import LaneDriver
    from include.pipeline.load_batch import AheadLoader


class LaneOperator(BaseOperator):
    """Runs a batch on a lane, and waits until every shard has its output.

    While a lane works on some shards, those it has done are collected and loaded.

    Args:
        batch_id: templated; the batch's id, its placement recorded.
        lane: the lane's name; None for the one the batch was placed on.

    The task's result is the endpoint's or job's name. Its failure carries SageMaker's reason.
    """

    template_fields: Sequence[str] = ("batch_id",)
    ui_color = "#dfe9f5"

    def __init__(self, *, batch_id: Any, lane: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch_id = batch_id
        self.lane = lane
        self._driver: LaneDriver | None = None
        self._ahead_gave_up = False

    def execute(self, context: Any) -> str:
        """Run the lane; keep what ran and when for the ledger."""
        from include.bootstrap import twolane

        lane = Lane(self.lane) if self.lane else twolane().placement(self.batch_id).lane
        if lane is Lane.SERVERLESS:
            return twolane().run_serverless(self.batch_id).resource_id
        return self._drive(lane)

    def on_kill(self) -> None:
        """Stop the lane's work with the task: nobody would collect what it goes on to cost."""
        if self._driver is not None:
            self.log.info("stopping what runs for batch %s", self.batch_id)
            self._driver.stop()

    def _drive(self, lane: Lane) -> str:
        from include.bootstrap import twolane

        driver = self._driver = twolane().driver(self.batch_id, lane)
        ahead = twolane().ahead_loader(self.batch_id)
        message = ""
        while not (progress := driver.advance()).is_done:
            if progress.message != message:
                message = progress.message
                self.log.info(message)
            if not self._load_ahead(ahead):
                time.sleep(progress.look_again_s)
        return progress.resource

    def _load_ahead(self, ahead: AheadLoader) -> int:
        """Load what is done; what goes wrong here is met again, and raised, behind the lane."""
        from include.domain.errors import TwolaneError

        if self._ahead_gave_up:
            return 0
        try:
            return ahead.step()
        except TwolaneError:
            self._ahead_gave_up = True
            self.log.warning("no more loading ahead", exc_info=True)
            return 0
