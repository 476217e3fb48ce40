"""The challenger becomes champion on its comparison's evidence, and on no other's."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from include.domain.errors import PromotionRefused
from include.domain.promotion.promotion import Promotion
from include.pipeline.comparison.promote_winner import promote_winner
from include.pipeline.promotion.promote_model import PromotionPorts
from include.pipeline.promotion.promotion_ports import PublishedVersion
from tests.support.comparison_world import CHALLENGER, CHAMPION, ComparisonWorld
from tests.support.fakes.directories import CARD
from tests.support.fakes.promotions import FakeEndpointLane, FakePromotionBook

NAME = "news-topic"
RELEASE = "s3://twolane-models/news-topic/releases/r1/"


def always(_: int) -> bool:
    return True


def mostly(number: int) -> bool:
    return number % 4 != 0


@pytest.fixture
def better() -> ComparisonWorld:
    """A world whose challenger is better, as a comparison has found and reported."""
    return compared(ComparisonWorld(mostly, always))


def compared(world: ComparisonWorld) -> ComparisonWorld:
    for model in (CHAMPION, CHALLENGER):
        published = PublishedVersion(model, f"s3://models/{model.version}", CARD, "")
        world.tags.versions[NAME, model.version] = published
    world.tags.versions[NAME, "9"] = world.tags.versions[NAME, "1"]
    world.tags.pointers[NAME] = {"champion": "1", "challenger": "2"}
    comparison = world.start()
    world.label(world.close_batch())
    world.watch(comparison)
    world.report()
    return world


def promote(world: ComparisonWorld) -> Promotion:
    ports = PromotionPorts(
        registry=world.tags,
        book=FakePromotionBook(),
        objects=world.world.objects,
        lanes=(FakeEndpointLane(),),
        models_bucket="twolane-models",
        now=lambda: world.now,
        report=print,
    )
    return promote_winner(NAME, by="jane", book=world.book, ports=ports)


def released(world: ComparisonWorld, *, passed: bool) -> None:
    """Say what the challenger's release found."""
    model = {"name": NAME, "version": "2", "digest": CHALLENGER.digest}
    gate = {"name": "calibration", "passed": passed, "sentence": "0.09 is over 0.05"}
    verdict = {"format": 1, "model": model, "passed": passed, "gates": [gate]}
    world.world.objects.put(RELEASE + "verdict.json", json.dumps(verdict))
    world.tags.versions[NAME, "2"] = PublishedVersion(CHALLENGER, "s3://models/2", CARD, RELEASE)


def test_a_better_challenger_becomes_champion_and_the_history_names_the_evidence(better) -> None:
    done = promote(better)

    assert (done.from_version, done.to_version, done.by) == ("1", "2", "jane")
    assert "better" in done.reason
    latest = better.book.latest(NAME)
    assert latest is not None
    assert done.evidence_uri == latest.evidence_uri
    assert better.tags.pointers[NAME] == {"champion": "2"}


def test_a_worse_one_does_not() -> None:
    world = compared(ComparisonWorld(always, mostly))

    with pytest.raises(PromotionRefused, match="less accurate"):
        promote(world)
    assert world.tags.pointers[NAME]["champion"] == "1"


def test_a_gate_that_failed_at_the_release_is_not_made_good_by_a_comparison(better) -> None:
    released(better, passed=False)
    with pytest.raises(PromotionRefused, match="calibration"):
        promote(better)

    released(better, passed=True)
    assert promote(better).to_version == "2"


def test_a_comparison_with_another_champion_says_nothing(better) -> None:
    better.tags.pointers[NAME]["champion"] = "9"

    with pytest.raises(PromotionRefused, match="was with version 1, and the champion is version 9"):
        promote(better)


def test_a_comparison_must_have_ended_and_been_reported() -> None:
    world = ComparisonWorld(mostly, always)
    world.tags.pointers[NAME] = {"champion": "1", "challenger": "2"}
    world.start()
    with pytest.raises(PromotionRefused, match="no comparison has ended"):
        promote(world)
    world.stop()
    with pytest.raises(PromotionRefused, match="no comparison has ended and been reported"):
        promote(world)


def test_while_another_comparison_runs_nothing_is_promoted(better) -> None:
    better.now += timedelta(seconds=1)
    better.start()

    with pytest.raises(PromotionRefused, match="still runs"):
        promote(better)
