"""Misses are foreseen from what a batch leaves in S3, answered, and reported once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from include.domain.alerts import Alert, AlertKind
from include.domain.curves.lane_curve import LaneCurve
from include.domain.errors import StoreError
from include.domain.lanes import Lane
from include.domain.money.budgets import Budget
from include.domain.sla.events import Action, SlaEvent, SlaKind
from include.domain.sla.remedies import SlaPolicy
from include.domain.sla.stages import Stage
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.lanes.wish import LaneWish, LaneWishes
from include.pipeline.money.budget_gate import BudgetGate
from include.pipeline.ports.stores import BatchClosure
from include.pipeline.sla.foresee_misses import ForeseePorts, Lanes, foresee_misses
from include.pipeline.sla.report_late_run import report_late_run
from include.pipeline.sla.report_misses import report_misses
from tests.support.batches import NOW, World, documents, profile
from tests.support.fakes.alerts import FakeAlertBook
from tests.support.fakes.money import FakeBudgetBook
from tests.support.fakes.sla import FakeSlaBook

SHARD_DOCUMENTS, SHARDS = 4, 5
POLICY = SlaPolicy(0.2, frozenset(Action), 4)


class Deadlines:
    """A batch of five shards on a lane that should take ten seconds, due in ten minutes."""

    def __init__(self, lane: Lane) -> None:
        self.world = World(shard_documents=SHARD_DOCUMENTS)
        self.layout = self.world.validated(documents(SHARDS * SHARD_DOCUMENTS))
        validation = BatchRecords(self.world.objects, self.layout).validation()
        self.profile = profile(
            lane, tokens_per_s=validation.token_estimate / 10, cold_start_s=0.0, max_instances=2
        )
        self.book, self.alerts, self.money = FakeSlaBook(), FakeAlertBook(), FakeBudgetBook()
        self.manifest = BatchRecords(self.world.objects, self.layout).manifest()
        self.book.open(self.manifest)

    def at(self, seconds: float) -> datetime:
        self.world.objects.time = NOW + timedelta(seconds=seconds)
        return self.world.objects.time

    def place(self, seconds: float) -> None:
        self.at(seconds)
        placement = self.world.route(self.layout)
        changed = {"lane": self.profile.lane, "instance_count": 1, "latency_s": 10.0}
        records = BatchRecords(self.world.objects, self.layout)
        records.save_placement(type(placement)(**{**_fields(placement), **changed}))

    def answer(self, count: int, seconds: float) -> None:
        self.at(seconds)
        for index in range(count):
            uri = self.layout.output_shard(index)
            if uri not in self.world.objects.objects:
                self.world.objects.put(uri, "{}\n")

    def look(self, seconds: float, policy: SlaPolicy = POLICY) -> list[SlaEvent]:
        return foresee_misses(
            lambda batch_id: BatchLayout("twolane-work", batch_id),
            now=NOW + timedelta(seconds=seconds),
            policy=policy,
            lanes=Lanes([self.profile], 1000.0),
            ports=ForeseePorts(
                self.world.objects,
                self.book,
                self.alerts,
                self._curves,
                BudgetGate(self.money, lambda: NOW),
            ),
        )

    def report(self, seconds: float) -> list[SlaEvent]:
        return report_misses(
            lambda batch_id: BatchLayout("twolane-work", batch_id),
            now=NOW + timedelta(seconds=seconds),
            loading_documents_per_s=1000.0,
            objects=self.world.objects,
            book=self.book,
            alerts=self.alerts,
        )

    def wish(self) -> LaneWish:
        return LaneWishes(self.world.objects, self.layout).of(self.profile.lane)

    def _curves(self, model_name: str) -> Mapping[Lane, LaneCurve]:
        return {self.profile.lane: LaneCurve.assumed(self.profile, model_name)}


def _fields(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__slots__}  # type: ignore[attr-defined]


@pytest.fixture
def deadlines() -> Deadlines:
    return Deadlines(Lane.TRANSFORM)


def test_a_batch_on_its_way_is_left_alone(deadlines: Deadlines) -> None:
    assert deadlines.look(1) == [], "it is not placed yet"
    deadlines.place(2)
    deadlines.answer(2, 6)

    assert deadlines.look(7) == []
    assert deadlines.alerts.posted == []


def test_a_batch_that_waits_for_its_validation_is_foreseen_too() -> None:
    waiting = Deadlines(Lane.TRANSFORM)
    del waiting.world.objects.objects[waiting.layout.validation]

    assert waiting.look(500) == [], "the lane needs ten seconds"
    (event,) = waiting.look(595)

    assert (event.stage, event.action) == (Stage.VALIDATE, None)
    assert event.predicted_at is not None
    assert event.predicted_at > waiting.manifest.deadline_at
    assert "0 of 5 shards done" in event.detail
    assert waiting.look(596) == [], "it is posted once"


def test_a_slow_lane_is_foreseen_once_and_given_instances(deadlines: Deadlines) -> None:
    deadlines.place(2)
    deadlines.answer(1, 300)

    (event,) = deadlines.look(310)

    assert (event.kind, event.stage) == (SlaKind.RISK, Stage.LANE)
    assert event.action is Action.ADD_INSTANCES
    assert event.predicted_at is not None
    assert event.predicted_at > deadlines.manifest.deadline_at
    assert "1 of 5 shards done" in event.detail
    assert deadlines.wish() == LaneWish(Lane.TRANSFORM, 4, at=NOW + timedelta(seconds=310))
    (alert,) = deadlines.alerts.posted
    assert (alert.kind, alert.batch_id) == (AlertKind.DEADLINE_RISK, event.batch_id)
    assert deadlines.look(311) == [], "it has only just begun"
    assert deadlines.look(595) == [], "as many work as may"
    assert len(deadlines.alerts.posted) == 1


def test_what_was_not_enough_is_followed_by_more(deadlines: Deadlines) -> None:
    deadlines.place(2)
    deadlines.answer(1, 300)
    asked = LaneWish(Lane.TRANSFORM, 2, at=NOW + timedelta(seconds=310))
    LaneWishes(deadlines.world.objects, deadlines.layout).save(asked)

    deadlines.look(312)
    assert deadlines.wish() == asked, "what was asked for needs its time"
    deadlines.look(500)

    assert deadlines.wish().instances > 2
    assert len(deadlines.alerts.posted) == 1


def test_without_leave_to_act_it_is_reported_alone(deadlines: Deadlines) -> None:
    deadlines.place(2)
    deadlines.answer(1, 300)

    (event,) = deadlines.look(310, SlaPolicy(0.2, frozenset(), 4))

    assert event.action is None
    assert deadlines.wish() == LaneWish(Lane.TRANSFORM)
    assert "Look at" in deadlines.alerts.posted[0].next_step


def test_spot_is_wished_to_be_left() -> None:
    deadlines = Deadlines(Lane.SPOT)
    deadlines.place(2)

    (event,) = deadlines.look(500)

    assert event.action is Action.LEAVE_SPOT
    assert deadlines.wish().leaves_spot


def test_what_the_account_has_no_money_for_is_not_done_and_its_alert_says_so(
    deadlines: Deadlines,
) -> None:
    deadlines.place(2)
    deadlines.answer(1, 300)
    account, batch_id = deadlines.manifest.account, deadlines.manifest.batch_id
    deadlines.money.put(Budget(account, 1e-9), by="tests")

    (event,) = deadlines.look(310)

    assert event.action is None
    assert deadlines.wish() == LaneWish(Lane.TRANSFORM)
    (alert,) = deadlines.alerts.posted
    assert "nothing is done for it: account" in alert.detail
    assert deadlines.look(320) == [], "a refusal is told once"

    deadlines.money.put(Budget(account, 100.0), by="tests")
    (event,) = deadlines.look(330)

    assert event.action is Action.ADD_INSTANCES
    placed_usd = BatchRecords(deadlines.world.objects, deadlines.layout).placement().list_cost_usd
    assert deadlines.money.reserved[batch_id][1] >= placed_usd


def test_a_batch_whose_lane_is_done_can_still_be_late(deadlines: Deadlines) -> None:
    deadlines.place(2)
    deadlines.answer(SHARDS, 599)

    (event,) = deadlines.look(599.9)

    assert (event.stage, event.action) == (Stage.COLLECT, None)


def test_a_batch_that_waits_too_long_for_its_lane_is_foreseen(deadlines: Deadlines) -> None:
    (event,) = deadlines.look(595)

    assert (event.stage, event.action) == (Stage.ROUTE, None)


def test_a_miss_is_reported_once_with_the_stage_that_ate_the_time(deadlines: Deadlines) -> None:
    deadlines.place(450)
    deadlines.answer(2, 550)
    assert deadlines.report(599) == []

    (event,) = deadlines.report(610)

    assert (event.kind, event.stage) == (SlaKind.MISS, Stage.ROUTE)
    assert "still runs, 10 s behind its deadline; route ate the time" in event.detail
    assert deadlines.report(620) == []
    assert [each.kind for each in deadlines.alerts.posted] == [AlertKind.DEADLINE_MISSED]
    assert deadlines.look(620) == [], "what is missed is foreseen no more"


def test_what_could_not_be_posted_is_posted_by_the_next_look(deadlines: Deadlines) -> None:
    class Broken(FakeAlertBook):
        def post(self, alert: Alert) -> bool:
            raise StoreError("the store restarts")

    deadlines.place(2)
    working, deadlines.alerts = deadlines.alerts, Broken()
    for look, seconds in ((deadlines.look, 590), (deadlines.report, 610)):
        with pytest.raises(StoreError):
            look(seconds)
    deadlines.alerts = working

    assert deadlines.look(591)
    assert deadlines.report(611)
    kinds = [each.kind for each in deadlines.alerts.posted]
    assert kinds == [AlertKind.DEADLINE_RISK, AlertKind.DEADLINE_MISSED]


def test_of_a_batch_that_ended_late_the_lane_ate_the_time(deadlines: Deadlines) -> None:
    deadlines.place(2)
    deadlines.answer(SHARDS, 640)
    ended = NOW + timedelta(seconds=650)
    deadlines.book.close(
        deadlines.manifest.batch_id, BatchClosure("succeeded", "", ended, False, "")
    )

    (event,) = deadlines.report(1000)

    assert event.stage is Stage.LANE
    assert event.detail.startswith("ended 50 s behind its deadline; lane ate the time (pull 0 s")


def test_a_failed_batch_says_why_it_missed(deadlines: Deadlines) -> None:
    closure = BatchClosure("failed", "route: no lane", NOW + timedelta(seconds=5), False, "")
    deadlines.book.close(deadlines.manifest.batch_id, closure)

    (event,) = deadlines.report(700)

    assert event.detail.startswith("failed: route: no lane")


def test_late_runs_of_a_dag_are_news_once() -> None:
    alerts = FakeAlertBook()
    due_at = NOW - timedelta(minutes=5)

    assert report_late_run("keep_ledger", "r-1", due_at, now=NOW, alerts=alerts)
    assert not report_late_run("keep_ledger", "r-2", due_at, now=NOW, alerts=alerts)
    assert report_late_run("watch_drift", "r-1", due_at, now=NOW, alerts=alerts)
    assert {each.kind for each in alerts.posted} == {AlertKind.RUN_LATE}


@pytest.mark.parametrize("record", ["manifest", "validation", "placement", "wish"])
def test_a_batch_whose_records_cannot_be_read_is_posted_once_and_the_others_are_looked_at(
    deadlines: Deadlines, record: str
) -> None:
    deadlines.place(2)
    deadlines.answer(1, 300)
    deadlines.book.batches.clear()
    deadlines.book.open(replace(deadlines.manifest, batch_id="b-broken"))
    deadlines.book.open(deadlines.manifest)
    objects, layout = deadlines.world.objects, BatchLayout("twolane-work", "b-broken")
    for name in ("manifest", "validation", "placement"):
        objects.put(getattr(layout, name), objects.read_text(getattr(deadlines.layout, name)))
    objects.put(layout.lane_state("wish") if record == "wish" else getattr(layout, record), "{")

    (event,) = deadlines.look(310)
    deadlines.look(320)

    assert event.batch_id == deadlines.manifest.batch_id
    (alert,) = (each for each in deadlines.alerts.posted if each.batch_id == "b-broken")
    assert alert.kind is AlertKind.DEADLINE_RISK
    assert "cannot be read" in alert.detail
    assert "b-broken/" in alert.detail


def test_the_miss_of_a_batch_whose_records_cannot_be_read_is_posted_and_the_others_reported(
    deadlines: Deadlines,
) -> None:
    deadlines.place(2)
    deadlines.book.open(replace(deadlines.manifest, batch_id="b-broken"))
    broken = BatchLayout("twolane-work", "b-broken")
    deadlines.world.objects.put(broken.validation, "{")

    (event,) = deadlines.report(700)

    assert event.batch_id == deadlines.manifest.batch_id
    (alert,) = (each for each in deadlines.alerts.posted if each.batch_id == "b-broken")
    assert alert.kind is AlertKind.DEADLINE_MISSED
    assert alert.title.endswith("missed its deadline")
