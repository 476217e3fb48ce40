"""The composition root of calibration: probes on lanes, at whichever AWS is told."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from include.domain.lanes import Lane
from include.wiring.batches.lanes import LaneWiring
from include.wiring.process_root import of_address, of_environment

if TYPE_CHECKING:
    from include.pipeline.calibration.calibrate_lane import LaneCalibrator
    from include.pipeline.calibration.records import CalibrationRequest
    from include.pipeline.lanes.driver import LaneDriver

SAMPLE_FILE = Path(__file__).resolve().parents[1] / "sample" / "news.jsonl"


class Calibration(LaneWiring):
    """Probes, wired to the lanes' own drivers."""

    def calibrator(self, request: CalibrationRequest) -> LaneCalibrator:
        """See `include.pipeline.calibration.calibrate_lane`."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.cloudwatch.lane_memory import CloudWatchLaneMemory
        from include.pipeline.calibration.calibrate_lane import CalibrationPorts, LaneCalibrator
        from include.pipeline.calibration.make_probe import ProbeSource

        return LaneCalibrator(
            request,
            profile=self._profile(request.lane),
            source=ProbeSource(
                _sample_text(), self.settings.shard_documents, self.settings.shard_tokens
            ),
            work_bucket=self.settings.work_bucket,
            is_emulated=self.settings.is_emulated,
            now=self._now,
            ports=CalibrationPorts(
                self.objects,
                self.registry,
                self.curve_book,
                self.usage_book,
                CloudWatchLaneMemory(client("cloudwatch", self.aws)),
            ),
        )

    def probe_driver(self, request: CalibrationRequest, probe_id: str) -> LaneDriver:
        """Return what drives a probe; not of the serverless lane, see `run_serverless_probe`."""
        from include.pipeline.calibration.probe_driver import ProbeDriver

        calibrator = self.calibrator(request)
        return ProbeDriver(self._driver(probe_id, request.lane), lambda: calibrator.ends_in_s)

    def run_serverless_probe(self, probe_id: str) -> None:
        """Run a probe on the serverless lane.

        Raises:
            EndpointUnavailable: the endpoint does not answer, or throttles for too long.
            OutputIncomplete: it answered with another number of lines than it was sent.
        """
        self._run_serverless(probe_id)

    def lane_names(self) -> list[str]:
        """Return the lanes that the lanes file has."""
        return [lane.value for lane in Lane if lane in self.lanes.lanes]


@cache
def _sample_text() -> str:
    """Return the product's sample texts, one after the other."""
    lines = SAMPLE_FILE.read_text(encoding="utf-8").splitlines()
    return " ".join(json.loads(line)["text"] for line in lines)


@cache
def calibration() -> Calibration:
    """Return the process's one composition, made from the environment."""
    return of_environment(Calibration)


@cache
def calibration_at(region: str, endpoint_urls: tuple[tuple[str, str], ...]) -> Calibration:
    """Return the process's composition for an AWS that is told, not found in the environment."""
    return of_address(Calibration, region, endpoint_urls)
