"""What becomes of idle GPUs and of orphans, and what is counted as saved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from include.cli.gpus import report
from include.domain.alerts import AlertKind
from include.domain.errors import EndpointUnavailable, UnknownPrice
from include.domain.gpus.idleness import IdlePolicy, Readings
from include.domain.gpus.quiet_hours import QuietHours
from include.domain.gpus.resources import HeldInstances, ResourceKind
from include.domain.gpus.savings import OWN_SCALE_IN_S, Action, SavingReason
from include.domain.lanes import Lane
from include.domain.promotion.retirement import VersionKey
from include.files.prices import load_price_book
from include.pipeline.calibration.make_probe import ACCOUNT
from include.pipeline.gpus.clear_orphans import OrphanPolicy, OrphanPorts, clear_orphans
from include.pipeline.gpus.free_gpus import FreePorts, free_gpus
from include.pipeline.gpus.ports import RunningBatch
from include.pipeline.gpus.sift_idle import FreePolicy, Left, sift_idle
from include.pipeline.gpus.watch_gpus import WatchPorts, watch_gpus
from tests.support.fakes.alerts import FakeAlertBook
from tests.support.fakes.gpus import (
    FakeGpuBook,
    FakeGpuMetrics,
    FakeInstances,
    FakeReleases,
    flat,
)

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POLICY = IdlePolicy(300, 120, 300, QuietHours.parse("", "UTC"))
ENDPOINT = HeldInstances(
    resource_id="twolane-news-v3-async",
    kind=ResourceKind.ASYNC_ENDPOINT,
    instance_type="ml.g4dn.xlarge",
    instances=2,
    made_at=NOW - timedelta(days=9),
    working_since=NOW - timedelta(hours=5),
)
JOB = replace(
    ENDPOINT,
    resource_id="twolane-transform-b-1",
    kind=ResourceKind.TRANSFORM_JOB,
    tags={"twolane:batch": "b-1"},
)
TRAINING = replace(
    JOB,
    resource_id="twolane-train-news-x",
    kind=ResourceKind.TRAINING_JOB,
    tags={"project": "twolane", "release": "r-1"},
    limit_s=6 * 3600.0,
)
TODAY = NOW.date()
HOURLY = load_price_book().instance("ml.g4dn.xlarge").usd


class World:
    """All fakes, with as much idle time as is wanted."""

    def __init__(self, *things, batches=(), idle_minutes=8, open_releases=(), refuses=""):
        self.instances = FakeInstances(*things, refuses=refuses)
        self.book = FakeGpuBook(*batches)
        self.alerts = FakeAlertBook()
        self.releases = FakeReleases(open_releases, ["news@3"])
        self.waste = []
        self._idle_minutes = idle_minutes

    def look(self, now=NOW):
        quiet = flat(0.0, until=now, minutes=self._idle_minutes)
        readings = {
            each.resource_id: Readings(quiet, backlog=None if each.kind.is_job else quiet)
            for each in self.instances.things
        }
        metrics = FakeGpuMetrics(readings)
        return watch_gpus(POLICY, now, WatchPorts(self.instances, metrics, self.book, True))

    def free(self, policy=FreePolicy(), now=NOW):  # noqa: B008
        ports = FreePorts(
            instances=self.instances,
            book=self.book,
            releases=self.releases,
            alerts=self.alerts,
            prices=load_price_book(),
            book_waste=lambda names, at: self.waste.append((list(names), at)),
            is_emulated=True,
        )
        return free_gpus(self.look(now), policy, ports)

    def sift(self, policy=FreePolicy(), now=NOW):  # noqa: B008
        return sift_idle(
            self.look(now),
            policy,
            releases=self.releases,
            prices=load_price_book(),
            alerts=self.alerts,
        )

    def clear(self, stops=False, now=NOW):
        ports = OrphanPorts(
            instances=self.instances,
            book=self.book,
            releases=self.releases,
            alerts=self.alerts,
            prices=load_price_book(),
            book_waste=lambda names, at: self.waste.append((list(names), at)),
            is_emulated=True,
        )
        return clear_orphans(OrphanPolicy(grace_s=3600, stops=stops), now, ports)

    @property
    def saving(self):
        (saving,) = self.book.savings.values()
        return saving


def test_an_idle_endpoint_reaches_zero_its_waste_is_booked_and_the_saving_kept():
    world = World(ENDPOINT)
    (freed,) = world.free()
    assert (freed.action, world.instances.done) == (
        Action.SCALE_TO_ZERO,
        [(ENDPOINT.resource_id, Action.SCALE_TO_ZERO)],
    )
    assert world.waste == [([ENDPOINT.resource_id], NOW)]
    saving = world.saving
    assert (saving.reason, saving.at, saving.list_saved_usd) == (SavingReason.IDLE, NOW, 0)
    assert saving.usd_per_hour == pytest.approx(2 * HOURLY)
    assert saving.is_emulated
    assert saving.since == NOW - 8 * MINUTE
    assert world.alerts.posted == []
    assert world.book.samples == [(ENDPOINT.resource_id, 0.0)]


def test_no_more_is_saved_than_until_the_endpoints_own_scaling_had_acted():
    world = World(ENDPOINT)
    world.free()
    world.instances.things = [replace(ENDPOINT, instances=0)]
    world.look(NOW + 5 * MINUTE)
    assert world.saving.list_saved_usd == pytest.approx(2 * HOURLY * 5 / 60)
    world.look(NOW + 60 * MINUTE)
    own = timedelta(seconds=OWN_SCALE_IN_S) - 8 * MINUTE
    assert (world.saving.ended_at, world.saving.counted_to) == (NOW + own, NOW + own)
    assert world.saving.list_saved_usd == pytest.approx(2 * HOURLY * own.total_seconds() / 3600)
    before = world.saving
    world.look(NOW + 90 * MINUTE)
    assert world.saving == before


def test_where_its_own_scaling_has_failed_all_is_saved_until_instances_come_back():
    world = World(ENDPOINT, idle_minutes=40)
    world.free()
    world.instances.things = [replace(ENDPOINT, instances=0)]
    world.look(NOW + 60 * MINUTE)
    assert world.saving.list_saved_usd == pytest.approx(2 * HOURLY)
    world.instances.things = [replace(ENDPOINT, working_since=NOW + 90 * MINUTE)]
    world.look(NOW + 92 * MINUTE)
    assert world.saving.ended_at == NOW + 90 * MINUTE
    assert world.saving.list_saved_usd == pytest.approx(3 * HOURLY)


def test_a_batch_under_way_keeps_its_endpoint_another_lanes_does_not():
    mine = RunningBatch("b-1", VersionKey("news", "3"), Lane.ASYNC_ENDPOINT)
    assert World(ENDPOINT, batches=[mine]).free() == []
    assert World(ENDPOINT, batches=[replace(mine, lane=None)]).free() == []
    for other in (replace(mine, lane=Lane.SPOT), replace(mine, version=VersionKey("news", "4"))):
        assert len(World(ENDPOINT, batches=[other]).free()) == 1


@pytest.mark.parametrize("job", [JOB, TRAINING])
def test_an_idle_job_is_stopped_once_its_run_has_ended(job):
    batch = RunningBatch("b-1", VersionKey("news", "3"), Lane.TRANSFORM)
    world = World(job, batches=[batch], open_releases=["r-1"])
    (left,) = world.free()
    assert (left.action, world.instances.done) == (None, [])
    (alert,) = world.alerts.posted
    assert (alert.kind, alert.subject) == (AlertKind.IDLE_GPU, job.resource_id)
    assert alert.batch_id == job.batch_id

    ended = World(job)
    (stopped,) = ended.free()
    assert (stopped.action, ended.alerts.posted) == (Action.STOP, [])
    assert ended.waste == []

    world.free(FreePolicy(stops_jobs=True))
    assert world.instances.done == [(job.resource_id, Action.STOP)]


def test_a_stopped_job_saves_until_its_own_time_limit():
    world = World(TRAINING)
    world.free()
    world.instances.things = []
    world.look(NOW + timedelta(days=2))
    assert world.saving.ended_at == TRAINING.working_since + timedelta(hours=6)
    assert world.saving.list_saved_usd == pytest.approx(2 * HOURLY)


def test_a_real_time_endpoint_keeps_one_instance_and_its_last_one_is_posted():
    endpoint = replace(ENDPOINT, kind=ResourceKind.ENDPOINT)
    world = World(endpoint)
    (freed,) = world.free()
    assert freed.action is Action.SCALE_TO_ONE
    assert (world.saving.instances, world.saving.usd_per_hour) == (1, HOURLY)

    last = World(replace(endpoint, instances=1))
    (left,) = last.free()
    assert (left.action, last.book.savings) == (None, {})
    assert "inference components" in last.alerts.posted[0].detail


def test_a_real_time_endpoint_saves_until_it_has_more_instances_than_it_was_left():
    endpoint = replace(ENDPOINT, kind=ResourceKind.ENDPOINT)
    world = World(endpoint)
    world.free()
    world.instances.things = [replace(endpoint, instances=1)]
    world.look(NOW + 60 * MINUTE)
    assert world.saving.list_saved_usd == pytest.approx(HOURLY)
    world.instances.things = [replace(endpoint, working_since=NOW + 90 * MINUTE)]
    world.look(NOW + 92 * MINUTE)
    assert world.saving.ended_at == NOW + 90 * MINUTE


def test_instances_that_are_on_their_way_out_have_not_come_back():
    world = World(ENDPOINT, idle_minutes=40)
    world.free()
    world.instances.things = [replace(ENDPOINT, working_since=None, is_settled=False)]
    world.look(NOW + 5 * MINUTE)
    assert (world.saving.ended_at, world.saving.counted_to) == (None, NOW + 5 * MINUTE)


def test_nothing_is_scaled_where_that_is_switched_off():
    world = World(ENDPOINT)
    world.free(FreePolicy(scales=False))
    world.free(FreePolicy(scales=False), now=NOW + MINUTE)
    assert world.instances.done == []
    assert len(world.alerts.posted) == 1


def test_what_has_to_be_left_is_posted_once_by_looking_alone_and_let_go_when_its_run_ends():
    batch = RunningBatch("b-1", VersionKey("news", "3"), Lane.TRANSFORM)
    world = World(JOB, ENDPOINT, batches=[batch])
    for minute in range(3):
        left, found = world.sift(now=NOW + minute * MINUTE)
        assert isinstance(left, Left)
        assert (left.finding.resource, found.finding.resource) == (JOB, ENDPOINT)
    assert [alert.subject for alert in world.alerts.posted] == [JOB.resource_id]
    assert world.instances.done == []

    world.book.batches = []
    assert not any(isinstance(each, Left) for each in world.sift(now=NOW + 3 * MINUTE))


def test_one_refusal_stops_nothing_else_and_saves_nothing():
    other = replace(ENDPOINT, resource_id="twolane-news-v4-async")
    world = World(ENDPOINT, other, refuses=ENDPOINT.resource_id)
    with pytest.raises(EndpointUnavailable, match="Throttled"):
        world.free()
    assert world.saving.resource_id == other.resource_id
    assert [alert.subject for alert in world.alerts.posted] == [ENDPOINT.resource_id]


def test_one_without_a_price_is_left_and_posted_and_stops_nothing_else():
    unheard = replace(ENDPOINT, resource_id="twolane-other-v1-async", instance_type="ml.g9.large")
    world = World(unheard, ENDPOINT)
    assert [each.action for each in world.free()] == [None, Action.SCALE_TO_ZERO]
    assert "ml.g9.large" in world.alerts.posted[0].detail
    assert world.instances.done == [(ENDPOINT.resource_id, Action.SCALE_TO_ZERO)]
    assert [each.subject for each in world.alerts.posted] == [unheard.resource_id]


def test_what_has_no_gpus_or_no_instances_is_not_looked_at():
    cpu = replace(ENDPOINT, instance_type="ml.c5.xlarge")
    world = World(cpu, replace(ENDPOINT, instances=0), replace(cpu, instance_type=""))
    assert world.look().findings == []


ORPHANS = [
    JOB,
    TRAINING,
    replace(ENDPOINT, resource_id="twolane-news-v9-async"),
    replace(ENDPOINT, resource_id="twolane-oddly-named", kind=ResourceKind.ENDPOINT),
    replace(JOB, tags={"twolane:product": "twolane"}),
]


@pytest.mark.parametrize("thing", ORPHANS, ids=lambda thing: thing.resource_id)
def test_what_nobody_owns_is_posted_and_stopped_where_that_is_allowed(thing):
    world = World(thing)
    (orphan,) = world.clear()
    assert orphan.resource == thing
    assert world.instances.done == []
    assert world.alerts.posted[0].kind is AlertKind.ORPHAN

    world.clear(stops=True)
    action = Action.STOP if thing.kind.is_job else Action.DELETE
    assert world.instances.done == [(thing.resource_id, action)]
    assert (world.saving.reason, world.saving.action) == (SavingReason.ORPHAN, action)
    assert world.waste == ([] if thing.kind.is_job else [([thing.resource_id], NOW)])


def test_an_orphan_that_has_no_price_is_stopped_all_the_same_and_so_are_those_behind_it():
    world = World(replace(ORPHANS[0], instance_type="ml.g9.xlarge"), ORPHANS[2])
    with pytest.raises(UnknownPrice, match=r"ml\.g9\.xlarge"):
        world.clear(stops=True)
    assert [name for name, _ in world.instances.done] == [
        ORPHANS[0].resource_id,
        ORPHANS[2].resource_id,
    ]
    assert world.saving.resource_id == ORPHANS[2].resource_id


def test_what_somebody_owns_or_is_too_young_to_tell_is_no_orphan():
    batch = RunningBatch("b-1", VersionKey("news", "3"), Lane.TRANSFORM)
    probe = replace(JOB, tags={"twolane:batch": "c-1", "twolane:account": ACCOUNT})
    by_hand = replace(TRAINING, tags={"project": "twolane", "training-digest": "d"})
    young = replace(ORPHANS[2], made_at=NOW - timedelta(minutes=59))
    things = [JOB, TRAINING, ENDPOINT, probe, by_hand, young]
    world = World(*things, batches=[batch], open_releases=["r-1"])
    assert world.clear(stops=True) == []
    assert world.alerts.posted == []


def test_an_idle_probe_is_left_to_its_calibration():
    world = World(replace(JOB, tags={"twolane:batch": "c-1", "twolane:account": ACCOUNT}))
    (left,) = world.free()
    assert left.action is None


def test_an_orphan_without_instances_of_its_own_is_deleted_and_saves_nothing():
    world = World(replace(ORPHANS[3], instance_type="", instances=0))
    world.clear(stops=True)
    assert world.book.savings == {}


def test_people_can_read_what_was_seen_and_saved():
    world = World(ENDPOINT, replace(JOB, resource_id="twolane-old"))
    lines = list(report(world.look().findings, world.clear(), world.book.saved(TODAY, TODAY)))
    assert lines == [
        "GPUs",
        "  twolane-news-v3-async  2 x ml.g4dn.xlarge  0% used",
        "    idle: nothing done since 2026-03-04 11:52:00 UTC",
        "  twolane-old  2 x ml.g4dn.xlarge  0% used",
        "    idle: nothing done since 2026-03-04 11:52:00 UTC",
        "Orphans",
        "  transform job twolane-old: batch b-1 is not under way",
        "Nothing was saved in that time.",
    ]
    world.free()
    world.look(NOW + 30 * MINUTE)
    *_, line = report([], [], world.book.saved(TODAY, TODAY))
    assert line.startswith("  idle: $")
    assert line.endswith(" at list price, 1 time, emulated")
