"""Going back, by hand and by alarm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import pytest

from include.domain.errors import EndpointUnavailable, PromotionRefused
from include.domain.model_ref import ModelRef
from include.domain.promotion.promotion import Promotion
from include.pipeline.promotion.follow_registry import follow_registry
from include.pipeline.promotion.rollback_model import RollbackPlan, plan_rollback, rollback_model
from include.pipeline.promotion.watch_promotions import watch_promotion
from tests.support.fakes.promotions import FakeTurn
from tests.unit.promotion.conftest import NAME, World


def roll_back(world: World) -> Promotion:
    plan = plan_rollback(NAME, world.ports)
    return rollback_model(plan, by="ada", reason="labels look wrong", ports=world.ports)


def watch(world: World) -> Promotion | None:
    return watch_promotion(NAME, watch_s=600, ports=world.ports)


def test_it_goes_back_to_the_champion_before(world: World) -> None:
    world.promote("2")
    done = roll_back(world)

    assert world.aliases == {"champion": "1"}
    assert world.kinds[-1] == "rolled_back 2→1"
    assert (done.by, done.reason) == ("ada", "labels look wrong")


def test_twice_goes_two_versions_back(world: World) -> None:
    world.promote("2")
    world.promote("3")
    roll_back(world)
    assert world.aliases == {"champion": "2", "previous": "1"}
    roll_back(world)
    assert world.aliases == {"champion": "1"}


def test_carrying_a_plan_out_again_changes_nothing(world: World) -> None:
    world.promote("2")
    world.promote("3")
    plan = plan_rollback(NAME, world.ports)
    assert plan == RollbackPlan(NAME, "3", "2")
    first = rollback_model(plan, by="ada", reason="r", ports=world.ports)

    assert rollback_model(plan, by="ada", reason="r", ports=world.ports) == first
    assert world.kinds.count("rolled_back 3→2") == 1
    assert world.aliases["champion"] == "2"


def test_the_first_champion_stays(world: World) -> None:
    with pytest.raises(PromotionRefused, match="first champion"):
        plan_rollback(NAME, world.ports)


def test_it_does_not_wake_a_sleeping_lane(world: World) -> None:
    world.promote("2")
    world.asynchronous.fail_with = "must not be asked"
    world.asynchronous.deployed.update({"news-topic@1": "", "news-topic@2": ""})
    roll_back(world)
    assert world.asynchronous.asked == []


def test_a_version_that_does_not_answer_is_not_gone_back_to(world: World) -> None:
    world.promote("2")
    world.serverless.fail_with = "no capacity"
    with pytest.raises(EndpointUnavailable):
        roll_back(world)
    assert world.aliases == {"champion": "2", "previous": "1"}


def test_an_alarm_takes_a_young_promotion_back(world: World) -> None:
    world.promote("2")
    assert watch(world) is None
    world.clock += timedelta(minutes=9)
    world.serverless.alarms["news-topic@2"] = ["alarm v2-5xx rings: 2 of 3 datapoints"]

    done = watch(world)

    assert done is not None
    assert (done.by, done.reason) == ("watch_promotions", "alarm v2-5xx rings: 2 of 3 datapoints")
    assert world.aliases == {"champion": "1"}
    assert watch(world) is None


def test_a_rollback_that_cannot_be_carried_out_says_what_rings_and_why_not(world: World) -> None:
    world.promote("2")
    world.serverless.alarms["news-topic@2"] = ["alarm v2-5xx rings"]
    world.serverless.fail_with = "no capacity"

    with pytest.raises(PromotionRefused, match=r"news-topic@2 cannot .*no capacity.*v2-5xx rings"):
        watch(world)

    assert world.aliases["champion"] == "2"
    world.serverless.fail_with = ""
    assert watch(world) is not None, "as soon as it can be"


def test_an_alarm_of_another_lane_counts_as_well(world: World) -> None:
    world.promote("2")
    world.asynchronous.deployed["news-topic@2"] = ""
    world.asynchronous.alarms["news-topic@2"] = ["alarm v2-async-failures rings"]
    assert watch(world) is not None


@pytest.mark.parametrize("minutes", [10, 60])
def test_an_old_promotion_is_left_to_people(world: World, minutes: int) -> None:
    world.promote("2")
    world.clock += timedelta(minutes=minutes)
    world.serverless.alarms["news-topic@2"] = ["alarm rings"]
    assert watch(world) is None
    assert world.aliases["champion"] == "2"


def test_the_first_champion_is_left_whatever_rings(world: World) -> None:
    world.serverless.alarms["news-topic@1"] = ["alarm rings"]
    assert watch(world) is None


def test_what_was_rolled_back_to_is_not_rolled_back_again(world: World) -> None:
    world.promote("2")
    world.promote("3")
    roll_back(world)
    world.serverless.alarms["news-topic@2"] = ["alarm rings"]
    assert watch(world) is None


def test_a_person_who_was_faster_is_not_gone_back_behind(world: World) -> None:
    world.promote("2")
    world.promote("3")

    def rung_while_a_person_rolls_back(model: ModelRef) -> Sequence[str]:
        if world.aliases["champion"] == "3":
            roll_back(world)
        return [f"alarm of {model.label} rings"]

    world.serverless.ringing = rung_while_a_person_rolls_back  # type: ignore[method-assign]
    watch(world)

    assert world.aliases["champion"] == "2"
    assert [kind for kind in world.kinds if kind.startswith("rolled")] == ["rolled_back 3→2"]


def test_no_alarm_takes_a_model_to_what_a_person_has_left_by_hand(world: World) -> None:
    world.promote("2")
    world.registry.point(NAME, "champion", "1")
    follow_registry(NAME, world.ports)
    world.serverless.alarms["news-topic@1"] = ["alarm rings"]

    assert watch(world) is None
    assert world.aliases["champion"] == "1"


def test_mlflow_shows_the_last_move_whoever_comes_to_show_it_last(world: World) -> None:
    world.promote("2")
    turn, pending = world.book.turn, [roll_back]

    @contextmanager
    def followed_by_a_rollback(name: str) -> Iterator[FakeTurn]:
        with turn(name) as mine:
            yield mine
        if pending:
            pending.pop()(world)

    world.book.turn = followed_by_a_rollback  # type: ignore[method-assign]
    world.promote("3")

    assert world.aliases == {"champion": "2", "previous": "1"}
    assert "rolled_back 3 → 2" in world.registry.model_tags[NAME]["twolane.promotion.latest"]
