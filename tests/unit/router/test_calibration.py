"""Probes: what is next, what is learned and charged, and what a failure means."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.curves.calibration import Budget, Shape, Tried, largest, next_shape
from include.domain.curves.document_limits import DocumentLimit
from include.domain.errors import JobFailed
from include.domain.lanes import Lane
from include.domain.money.usage import UsageKind
from include.pipeline.batch_objects.records import BatchRecords, LaneRun
from include.pipeline.calibration.calibrate_lane import CalibrationPorts, LaneCalibrator
from include.pipeline.calibration.make_probe import ProbeSource
from include.pipeline.calibration.probe_driver import STOP_S, ProbeDriver
from include.pipeline.calibration.records import CalibrationRequest
from include.pipeline.calibration.report import calibration_report
from include.pipeline.lanes.jobs.run_job import JobDriver
from tests.support.batches import NOW, World, profile
from tests.support.fakes.curves import FakeCurveBook
from tests.support.fakes.money import FakeUsageBook

PLAN = [Shape(length, count) for length in (32, 256) for count in (10, 100, 1_000)]
REQUEST = CalibrationRequest("run", Lane.PROCESSING, "news-topic", (4, 12), (32, 256), 1.0, 3600.0)


def tried(shape: Shape, failure: str = "") -> Tried:
    return Tried(shape, 1.0, 1.0, 0.001, failure)


def climb(limit_tokens: int, *, usd: float = 1e9, most: int = 100) -> list[Tried]:
    """Probes of a lane that fails above so many tokens; a token costs a dollar."""
    done: list[Tried] = []
    while len(done) < most:
        left = Budget(usd - sum(each.shape.tokens for each in done), 1e9)
        shape, why = next_shape(
            PLAN,
            done,
            admits=lambda shape: True,
            estimate=lambda shape: (1.0, float(shape.tokens)),
            left=left,
        )
        if shape is None:
            assert why
            return done
        done.append(tried(shape, "memory" if shape.tokens > limit_tokens else ""))
    raise AssertionError("it goes on for ever")


def test_small_probes_come_first_and_every_size_is_tried() -> None:
    done = climb(10**9)
    assert [each.shape.tokens for each in done] == sorted(shape.tokens for shape in PLAN)
    assert largest(done, 256) == 1_000


@given(st.integers(0, 300_000))
def test_behind_a_failure_it_backs_off_to_what_fits(limit_tokens: int) -> None:
    done = climb(limit_tokens)
    for length in (32, 256):
        found = largest(done, length)
        assert found * length <= limit_tokens
        if 10 * length <= limit_tokens < 1_000 * length:
            assert found >= limit_tokens / length / 10
        failures = [each for each in done if each.failure and each.shape.document_tokens == length]
        assert len(failures) <= 3


@given(st.floats(0, 1e6))
def test_no_probe_is_begun_that_the_budget_does_not_hold(usd: float) -> None:
    assert sum(each.shape.tokens for each in climb(10**9, usd=usd)) <= usd


class Bench:
    """A calibration of the processing lane over fakes."""

    def __init__(self, **changes: object) -> None:
        self.world = World()
        self.curves, self.usage = FakeCurveBook(), FakeUsageBook()
        self.time = NOW
        self.has_memory_metric = False
        self.profile = profile(Lane.PROCESSING, max_documents=100)
        self.request = replace(REQUEST, **changes)  # type: ignore[arg-type]

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def calibrator(self) -> LaneCalibrator:
        return LaneCalibrator(
            self.request,
            profile=self.profile,
            source=ProbeSource("Rain is expected in the hills. " * 20, 5, 10_000),
            work_bucket="twolane-work",
            is_emulated=True,
            now=self.now,
            ports=CalibrationPorts(
                self.world.objects, self.world.registry, self.curves, self.usage, self
            ),
        )

    def peak_share(self, lane: Lane, run: LaneRun) -> float | None:
        """As if each document took 7 % of the memory, and the model 10 %."""
        if not self.has_memory_metric:
            return None
        number = int(run.resource_id.rpartition("-")[2])
        layout = self.calibrator()._records.probe(number)
        count = BatchRecords(self.world.objects, layout).validation().document_count
        return 0.1 + 0.07 * count

    def drive(self, probe_id: str) -> None:
        calibrator = self.calibrator()
        job_driver = JobDriver(
            calibrator._records.probe(int(probe_id.rpartition("-")[2])),
            Lane.PROCESSING,
            profile=self.profile,
            objects=self.world.objects,
            registry=self.world.registry,
            runner=self.world.runner,
            now=self.now,
        )
        driver = ProbeDriver(job_driver, lambda: calibrator.ends_in_s)
        while not driver.advance().is_done:
            pass

    def run(self) -> None:
        while (probe := self.calibrator().next_probe()) is not None:
            assert self.calibrator().next_probe() == probe
            self.drive(probe)
            self.calibrator().settle()


def test_every_probe_is_learned_from_and_charged_and_no_account_is() -> None:
    bench = Bench()
    bench.run()
    state = bench.calibrator().state()
    assert [each.shape.documents for each in state.tried] == [4, 12, 4, 12]
    assert len(bench.curves.observations) == 4
    (curve,) = bench.curves.kept.values()
    assert curve.observations == 4
    charges = list(bench.usage.charges.values())
    assert {each.kind for each in charges} == {UsageKind.CALIBRATION}
    assert all(
        each.owner.account_id is None and each.waste_cost == each.list_cost for each in charges
    )
    assert sum(each.list_cost for each in charges) == pytest.approx(state.spent_usd)
    assert bench.world.read_store.batches == {}
    assert "4 probe(s)" in calibration_report([state])


def test_a_probe_has_the_documents_and_lengths_asked_for_in_shards_of_the_products_size() -> None:
    bench = Bench(documents=(12,), document_tokens=(64,))
    probe = bench.calibrator().next_probe()
    assert probe is not None
    layout = bench.calibrator()._records.probe(0)
    assert layout.batch_id == probe
    shards = BatchRecords(bench.world.objects, layout).validation().shards
    assert [shard.document_count for shard in shards] == [5, 5, 2]
    assert sum(shard.token_estimate for shard in shards) == pytest.approx(12 * 64, rel=0.05)


def test_a_probe_that_fails_is_charged_and_teaches_nothing_and_the_next_is_smaller() -> None:
    bench = Bench(documents=(12,), document_tokens=(32,))
    bench.calibrator().next_probe()
    run = LaneRun("job", bench.profile.instance_type, 1, NOW, NOW + timedelta(seconds=36))
    BatchRecords(bench.world.objects, bench.calibrator()._records.probe(0)).save_lane_run(run)
    bench.calibrator().settle("out of memory")
    (charge,) = bench.usage.charges.values()
    assert charge.list_cost == pytest.approx(bench.profile.on_demand_price_usd_per_h / 100)
    assert bench.calibrator().state().spent_usd == charge.list_cost
    assert bench.curves.observations == {}
    probe = bench.calibrator().next_probe()
    assert probe is not None
    assert bench.calibrator().state().current == Shape(32, 3)
    bench.drive(probe)
    bench.calibrator().settle()
    assert largest(bench.calibrator().state().tried, 32) == 3


def test_what_fits_is_kept_with_the_curve_when_the_calibration_has_ended() -> None:
    bench = Bench(documents=(4, 40), document_tokens=(32,))
    while (probe := bench.calibrator().next_probe()) is not None:
        bench.drive(probe)
        shape = bench.calibrator().state().current
        assert shape is not None
        assert not any(curve.limits for curve in bench.curves.kept.values()), "it goes on"
        bench.calibrator().settle("killed" if shape.documents > 10 else "")
    (curve,) = bench.curves.kept.values()
    worked = largest(bench.calibrator().state().tried, 32)
    assert 4 <= worked <= 10
    assert curve.limits == (DocumentLimit(32, worked),)
    assert curve.most_documents(32) == worked


def test_what_is_not_admitted_is_not_tried() -> None:
    bench = Bench(documents=(12, 200), document_tokens=(32,))
    bench.run()
    state = bench.calibrator().state()
    assert [each.shape.documents for each in state.tried] == [12]
    assert "not admitted" in state.ended


def test_a_probe_is_stopped_when_the_time_is_over() -> None:
    bench = Bench(max_s=30.0)
    runner = bench.world.runner
    runner.polls_until_done, runner.clock = 10**6, bench.now
    probe = bench.calibrator().next_probe()
    assert probe is not None
    with pytest.raises(JobFailed, match="time was over"):
        bench.drive(probe)
    (job,) = runner.jobs.values()
    assert job.ended_at is not None, "its end says what it has cost"
    bench.calibrator().settle("time was over")
    (charge,) = bench.usage.charges.values()
    assert (charge.period_start, charge.period_end) == (job.started_at, job.ended_at)
    assert charge.waste_cost == charge.list_cost > 0
    assert bench.calibrator().next_probe() is None
    assert "s left" in bench.calibrator().state().ended


def test_what_does_not_end_is_waited_for_a_while_and_charged_until_then() -> None:
    bench = Bench(max_s=30.0)
    bench.world.runner.polls_until_done, bench.world.runner.clock = 10**6, bench.now
    bench.world.runner.stop = lambda job: None  # type: ignore[method-assign]
    probe = bench.calibrator().next_probe()
    assert probe is not None
    with pytest.raises(JobFailed, match="time was over"):
        bench.drive(probe)
    bench.calibrator().settle("time was over")
    (charge,) = bench.usage.charges.values()
    assert charge.quantity == pytest.approx(STOP_S / 3600, rel=0.1)


def test_a_probe_whose_task_is_killed_is_charged_what_ran_and_whole_when_it_has_ended() -> None:
    bench = Bench(documents=(12,), document_tokens=(32,))
    bench.world.runner.polls_until_done, bench.world.runner.clock = 10, bench.now
    calibrator = bench.calibrator()
    assert calibrator.next_probe() is not None
    layout = calibrator._records.probe(0)
    run = LaneRun("job", bench.profile.instance_type, 1, NOW, NOW + timedelta(seconds=36))
    BatchRecords(bench.world.objects, layout).save_lane_run(run)
    calibrator.charge()
    assert [each.quantity for each in bench.usage.charges.values()] == [pytest.approx(0.01)]
    run = replace(run, ended_at=NOW + timedelta(seconds=72))
    BatchRecords(bench.world.objects, layout).save_lane_run(run)
    calibrator.settle("killed")
    assert [each.quantity for each in bench.usage.charges.values()] == [pytest.approx(0.02)]


def test_a_size_that_would_not_fit_the_memory_is_not_asked_for() -> None:
    bench = Bench(documents=(2, 4, 50), document_tokens=(32,))
    bench.has_memory_metric = True
    bench.run()
    state = bench.calibrator().state()
    assert [each.shape.documents for each in state.tried] == [2, 4, 10]
    assert all(not each.failure for each in state.tried)
    assert state.tried[-1].memory_share == pytest.approx(0.8)
    assert "80%" in calibration_report([state])
