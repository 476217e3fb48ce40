"""Waits for a probe in the triggerer, as for a lane; nobody's batch is loaded meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twolane_airflow.triggers.lane import LaneTrigger

if TYPE_CHECKING:
    from include.pipeline.calibration.records import CalibrationRequest
    from include.pipeline.lanes.driver import LaneDriver
    from include.wiring.calibration import Calibration


class ProbeTrigger(LaneTrigger):
    """A `LaneTrigger` whose driver is a probe's.

    Args:
        request: the fields of a `CalibrationRequest`.
    """

    def __init__(self, request: dict[str, Any], **wait: Any) -> None:
        super().__init__(**wait)
        self.request = request

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class's path, the request and the fields of the wait."""
        _, wait = super().serialize()
        return f"{__name__}.{type(self).__qualname__}", {"request": self.request, **wait}

    def _stop(self) -> None:
        """Stop the probe with its task, and charge what ran of it."""
        super()._stop()
        self._calibration().calibrator(self._request()).charge()

    def _new_driver(self) -> LaneDriver:
        return self._calibration().probe_driver(self._request(), self.wait.batch_id)

    def _calibration(self) -> Calibration:
        from include.wiring.calibration import calibration_at

        return calibration_at(self.wait.region, tuple(sorted(self.wait.endpoint_urls.items())))

    def _request(self) -> CalibrationRequest:
        from twolane_airflow.tasks.calibration import request_of

        return request_of(self.request)
