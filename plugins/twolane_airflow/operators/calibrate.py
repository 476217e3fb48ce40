"""The operator that calibrates a lane: probe after probe, in its slot or in the triggerer."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from include.domain.lanes import Lane
from twolane_airflow.tasks.calibration import request_of
from twolane_airflow.triggers.lane import DONE, FAILED
from twolane_airflow.triggers.probe import ProbeTrigger

if TYPE_CHECKING:
    from include.pipeline.calibration.records import CalibrationRequest
    from include.pipeline.lanes.driver import LaneDriver


class CalibrateLane(BaseOperator):
    """Runs a lane's probes until none is left or the budget ends.

    What ran is kept beside the probes, so a retry goes on where the try before it was. A probe that
    fails makes the next one smaller and fails no task.

    Args:
        request: the fields of a `CalibrationRequest`.

    The task's result is the request, for `calibration.report`.
    """

    template_fields: Sequence[str] = ()
    ui_color = "#dfe9f5"

    def __init__(self, *, request: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.request = request
        self._driver: LaneDriver | None = None

    def execute(self, context: Any) -> dict[str, Any]:
        """Run probes, one after the other."""
        from include.wiring.calibration import calibration

        request = request_of(self.request)
        calibrator = calibration().calibrator(request)
        while (probe_id := calibrator.next_probe()) is not None:
            self._log_settled(calibrator.settle(self._run(request, probe_id)))
        self.log.info("ended: %s", calibrator.state().ended)
        return dict(self.request)

    def execute_complete(
        self, context: Any, event: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Go on behind a deferral: settle the probe, and run what is left.

        Raises:
            JobFailed: the event does not say what became of the probe.
        """
        from include.domain.errors import JobFailed
        from include.wiring.calibration import calibration

        calibrator = calibration().calibrator(request_of(self.request))
        match event:
            case {"status": str(status)} if status == DONE:
                self._log_settled(calibrator.settle())
            case {"status": str(status), "message": str(message)} if status == FAILED:
                self._log_settled(calibrator.settle(message))
            case _:
                raise JobFailed(f"the trigger's event says nothing known: {event}")
        return self.execute(context)

    def on_kill(self) -> None:
        """Stop the probe with the task, and charge what ran of it."""
        from include.wiring.calibration import calibration

        if self._driver is not None:
            self._driver.stop()
            calibration().calibrator(request_of(self.request)).charge()

    def _run(self, request: CalibrationRequest, probe_id: str) -> str:
        """Run one probe; return why it failed, empty where it did not."""
        from include.domain.errors import EndpointUnavailable, JobFailed, OutputIncomplete
        from include.wiring.calibration import calibration

        self.log.info("probe %s", probe_id)
        try:
            if request.lane is Lane.SERVERLESS:
                calibration().run_serverless_probe(probe_id)
            else:
                self._drive(request, probe_id)
        except (JobFailed, EndpointUnavailable, OutputIncomplete) as exc:
            return str(exc)
        return ""

    def _drive(self, request: CalibrationRequest, probe_id: str) -> None:
        from include.wiring.calibration import calibration

        product = calibration()
        driver = self._driver = product.probe_driver(request, probe_id)
        started, limit_s = time.monotonic(), product.settings.defer_after_s
        while not (progress := driver.advance()).is_done:
            if time.monotonic() - started >= limit_s:
                self._defer(request, probe_id)
            time.sleep(progress.look_again_s)

    def _defer(self, request: CalibrationRequest, probe_id: str) -> None:
        from include.wiring.calibration import calibration

        aws = calibration().aws_in_use()
        self.defer(
            trigger=ProbeTrigger(
                request=dict(self.request),
                batch_id=probe_id,
                lane=request.lane.value,
                region=aws.region,
                endpoint_urls=dict(aws.endpoint_urls),
                look_s=calibration().settings.deferred_look_s,
                loaded_shards=0,
                ahead_shards=0,
            ),
            method_name="execute_complete",
        )

    def _log_settled(self, tried: Any) -> None:
        self.log.info(
            "%s documents of %s tokens: %.1f s, expected %.1f s, $%.6f%s",
            f"{tried.shape.documents:,}",
            f"{tried.shape.document_tokens:,}",
            tried.latency_s,
            tried.expected_s,
            tried.list_cost_usd,
            f"; failed: {tried.failure}" if tried.failure else "",
        )
