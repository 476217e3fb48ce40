"""A lane is calibrated on the embedded AWS: jobs of our container, charged and learned from."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.adapters.aws.cloudwatch.lane_memory import CloudWatchLaneMemory
from include.adapters.postgres.database import Database
from include.adapters.postgres.lanes.curve_book import PostgresCurveBook
from include.adapters.postgres.money.usage_book import PostgresUsageBook
from include.domain.curves.calibration import largest
from include.domain.lanes import Lane
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.calibration.calibrate_lane import CalibrationPorts, LaneCalibrator
from include.pipeline.calibration.make_probe import ProbeSource
from include.pipeline.calibration.probe_driver import ProbeDriver
from include.pipeline.calibration.records import CalibrationRequest
from include.pipeline.lanes.jobs.run_job import JobDriver
from include.pipeline.money.ports import Grouping
from tests.support.local_aws import LocalAws
from tests.support.placed_batch import PlacedBatch

TIMEOUT_S = 120.0


def test_probes_run_as_jobs_and_what_they_took_is_believed_and_booked(
    cloud: LocalAws, product_database_url: str, tmp_path: Path
) -> None:
    site = PlacedBatch(cloud, Lane.PROCESSING, [1], tmp_path)  # its model, clients and profile
    database = Database(product_database_url)
    curves, usage = PostgresCurveBook(database), PostgresUsageBook(database)
    memory = CloudWatchLaneMemory(cloud.client("cloudwatch"))

    profile = replace(site.profile(), instance_type="ml.c5.xlarge")

    def now() -> datetime:
        return datetime.now(UTC)

    calibrator = LaneCalibrator(
        CalibrationRequest("run", Lane.PROCESSING, "news-topic", (20, 400), (16,), 1.0, TIMEOUT_S),
        profile=profile,
        source=ProbeSource("Rain is expected in the hills by noon. " * 50, 200, 100_000),
        work_bucket="twolane-work",
        is_emulated=True,
        now=now,
        ports=CalibrationPorts(
            site.objects,
            site.registry,
            curves,
            usage,
            CloudWatchLaneMemory(cloud.client("cloudwatch")),
        ),
    )
    deadline = time.monotonic() + TIMEOUT_S
    while (probe_id := calibrator.next_probe()) is not None:
        job = JobDriver(
            BatchLayout("twolane-work", probe_id),
            Lane.PROCESSING,
            profile=profile,
            objects=site.objects,
            registry=site.registry,
            runner=site.runner,
            now=now,
        )
        driver = ProbeDriver(job, lambda: calibrator.ends_in_s)
        while not (progress := driver.advance()).is_done:
            assert time.monotonic() < deadline, progress.message
            time.sleep(progress.look_again_s)
        calibrator.settle()
        runs = BatchRecords(site.objects, BatchLayout("twolane-work", probe_id)).lane_runs()
        while all(memory.peak_share(Lane.PROCESSING, run) is None for run in runs):
            assert time.monotonic() < deadline, "the service tells how much memory a job took"
            time.sleep(0.2)

    state = calibrator.state()
    assert largest(state.tried, 16) == 400
    assert all(each.latency_s > 0 for each in state.tried)
    assert all(each.memory_share is not None for each in state.tried), "late metrics are believed"
    assert all(0 < (each.memory_share or 0) < 1 for each in state.tried)
    (curve,) = curves.curves("news-topic")
    assert curve.observations == 2
    today = now().date()
    (line,) = usage.costs(Grouping.KIND, today, today)
    database.close()
    assert (line.name, line.charges, line.is_emulated) == ("calibration", 2, True)
    assert (
        line.list_cost_usd == line.waste_list_cost_usd == pytest.approx(state.spent_usd, abs=1e-8)
    )
