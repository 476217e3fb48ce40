"""When GPUs do nothing, and when nobody can say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from include.domain.gpus.idleness import IdlePolicy, Point, Readings, Standing, judge
from include.domain.gpus.instances import gpu_count, has_gpus, per_gpu
from include.domain.gpus.quiet_hours import QuietHours
from include.domain.gpus.resources import HeldInstances, ResourceKind
from tests.support.fakes.gpus import flat

NOW = datetime(2026, 3, 4, 12, 0, 30, tzinfo=UTC)  # a Wednesday
NEVER = QuietHours.parse("", "UTC")
POLICY = IdlePolicy(window_s=300, quiet_window_s=120, warm_up_s=300, quiet_hours=NEVER)
ENDPOINT = HeldInstances(
    resource_id="twolane-news-v3-async",
    kind=ResourceKind.ASYNC_ENDPOINT,
    instance_type="ml.g4dn.xlarge",
    instances=2,
    made_at=NOW - timedelta(days=9),
    working_since=NOW - timedelta(hours=5),
)
NOTHING = Readings(flat(0.0, until=NOW), backlog=flat(0.0, until=NOW))


def look(readings=NOTHING, policy=POLICY, resource=ENDPOINT, has_batch=False, now=NOW):
    return judge(resource, readings, policy, has_batch=has_batch, now=now)


def test_idle_is_what_did_nothing_for_the_whole_window():
    found = look()
    assert (found.standing, found.utilisation) == (Standing.IDLE, 0.0)
    assert found.since == NOW.replace(second=0) - timedelta(minutes=20)


def test_gpus_that_worked_within_the_window_are_busy():
    used = flat(0.0, until=NOW)
    used[-3] = replace(used[-3], peak=0.4)
    found = look(replace(NOTHING, utilisation=used))
    assert (found.standing, found.since) == (Standing.BUSY, None)


def test_a_sample_is_of_the_last_window_alone():
    used = [*flat(1.0, until=NOW - timedelta(minutes=5)), *flat(0.2, until=NOW, minutes=5)]
    assert look(replace(NOTHING, utilisation=used)).utilisation == pytest.approx(0.2)


def test_the_highest_instance_counts_not_the_mean():
    used = [replace(point, mean=0.01, peak=0.6) for point in flat(0.0, until=NOW)]
    assert look(replace(NOTHING, utilisation=used)).standing is Standing.BUSY


@pytest.mark.parametrize(
    ("instance_type", "standing"),
    [("ml.g4dn.xlarge", Standing.IDLE), ("ml.p4d.24xlarge", Standing.BUSY)],
)
def test_one_gpu_of_eight_at_work_is_no_idleness(instance_type, standing):
    resource = replace(ENDPOINT, instance_type=instance_type)
    used = [replace(point, mean=0.015, peak=0.015) for point in flat(0.0, until=NOW)]
    assert look(replace(NOTHING, utilisation=used), resource=resource).standing is standing


@pytest.mark.parametrize("missing", ["utilisation", "backlog"])
@pytest.mark.parametrize("points", [[], flat(0.0, until=NOW - timedelta(minutes=6))])
def test_a_missing_metric_is_not_idleness_nor_is_one_that_stopped(missing, points):
    found = look(replace(NOTHING, **{missing: points}))
    assert found.standing is Standing.UNKNOWN
    assert (found.utilisation is None) == (missing == "utilisation")
    assert "missing" in found.reason


def test_what_was_before_a_gap_is_not_known():
    used = flat(0.0, until=NOW)
    del used[-6:-3]
    assert look(replace(NOTHING, utilisation=used)).standing is Standing.BUSY


def test_one_late_or_lost_minute_is_no_gap():
    used = flat(0.0, until=NOW)
    del used[-1], used[-4]
    assert look(replace(NOTHING, utilisation=used)).standing is Standing.IDLE


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (replace(ENDPOINT, working_since=NOW - timedelta(seconds=200)), "start until"),
        (replace(ENDPOINT, working_since=None), "start"),
        (replace(ENDPOINT, is_settled=False), "start"),
    ],
)
def test_a_start_is_not_idleness(resource, words):
    found = look(resource=resource)
    assert found.standing is Standing.WARMING_UP
    assert words in found.reason


def test_a_request_in_work_is_not_idleness_though_the_gpu_does_nothing():
    found = look(replace(NOTHING, backlog=[*NOTHING.backlog[:-1], Point(NOW, 1.0, 1.0)]))
    assert (found.standing, found.reason) == (Standing.IN_FLIGHT, "1 requests wait or are in work")


def test_an_endpoint_that_a_batch_under_way_needs_is_left():
    assert look(has_batch=True).standing is Standing.IN_FLIGHT


def test_a_real_time_endpoint_is_used_while_it_is_called():
    endpoint = replace(ENDPOINT, kind=ResourceKind.ENDPOINT)
    readings = Readings(NOTHING.utilisation, invocations=3)
    assert look(readings, resource=endpoint).standing is Standing.BUSY
    assert look(replace(readings, invocations=0), resource=endpoint).standing is Standing.IDLE


def test_in_quiet_hours_less_is_enough():
    short = Readings(flat(0.0, until=NOW, minutes=3), backlog=flat(0.0, until=NOW))
    noon = replace(POLICY, quiet_hours=QuietHours.parse("Wed 11:00-13:00", "UTC"))
    assert look(short).standing is Standing.BUSY
    found = look(short, policy=noon)
    assert (found.standing, found.is_quiet) == (Standing.IDLE, True)
    assert not look(policy=noon).is_quiet


@pytest.mark.parametrize(
    ("instance_type", "gpus"),
    [
        ("ml.g4dn.xlarge", 1),
        ("ml.g5.48xlarge", 8),
        ("ml.p3.8xlarge", 4),
        ("ml.p6-b200.48xlarge", 8),
        ("ml.c5.xlarge", 0),
    ],
)
def test_gpus_of_a_type(instance_type, gpus):
    assert gpu_count(instance_type) == gpus
    assert has_gpus(instance_type) == bool(gpus)


def test_utilisation_is_summed_over_gpus_and_counts_for_one():
    assert per_gpu(100.0, "ml.g4dn.xlarge") == 1.0
    assert per_gpu(100.0, "ml.g4dn.12xlarge") == 0.25
    assert per_gpu(400.0, "ml.g4dn.12xlarge") == 1.0
    assert per_gpu(100.0, "ml.g9.unheard") is None
    assert has_gpus("ml.g9.unheard")


def test_quiet_hours_of_a_night_belong_to_the_evenings_day():
    hours = QuietHours.parse("Mon-Fri 20:00-06:00, Sat-Sun 00:00-24:00", "Europe/Berlin")
    berlin = ZoneInfo("Europe/Berlin")
    monday = datetime(2026, 3, 2, tzinfo=berlin)

    def at(days, hour):
        return hours.hold((monday + timedelta(days=days)).replace(hour=hour).astimezone(UTC))

    assert [at(0, 5), at(0, 6), at(0, 19), at(0, 20), at(1, 5)] == [False, False, False, True, True]
    assert [at(4, 21), at(5, 4), at(5, 12), at(6, 23), at(7, 0)] == [True, True, True, True, False]


@pytest.mark.parametrize("text", ["Mon 8-9", "Xyz 08:00-09:00", "always"])
def test_quiet_hours_that_say_nothing_known_are_refused(text):
    with pytest.raises(ValueError):
        QuietHours.parse(text, "UTC")
    with pytest.raises(ValueError, match="time zone"):
        QuietHours.parse("Mon 08:00-09:00", "Moon/Crater")
