"""A champion moved by hand in the registry: followed, or put back with a message."""

from __future__ import annotations

import pytest

from include.domain.errors import PromotionRefused
from include.domain.promotion.promotion import UNKNOWN_HAND
from include.pipeline.promotion.follow_registry import follow_registry
from tests.unit.promotion.conftest import EVIDENCE, NAME, World


def move_by_hand(world: World, version: str) -> None:
    world.registry.point(NAME, "champion", version)


def test_nothing_is_done_where_history_and_registry_agree(world: World) -> None:
    assert follow_registry(NAME, world.ports) is None
    assert world.kinds == ["promoted None→1"]


def test_a_version_that_passed_its_gates_is_followed(world: World) -> None:
    world.registry.add(NAME, "2", EVIDENCE)
    world.judge("2", ("accuracy", True, "0.92"))
    move_by_hand(world, "2")

    done = follow_registry(NAME, world.ports)

    assert done is not None
    assert done.by == UNKNOWN_HAND
    assert done.evidence_uri == EVIDENCE
    assert world.kinds[-1] == "followed 1→2"
    assert world.aliases == {"champion": "2", "previous": "1"}
    assert "news-topic@2" in world.serverless.deployed
    assert follow_registry(NAME, world.ports) is None


def test_a_version_that_failed_its_gates_is_put_back_with_the_reason(world: World) -> None:
    world.registry.add(NAME, "2", EVIDENCE)
    world.judge("2", ("accuracy", False, "0.81, at least 0.89"))
    move_by_hand(world, "2")

    follow_registry(NAME, world.ports)

    assert world.aliases == {"champion": "1"}
    assert world.kinds[-1] == "reverted 2→1"
    refused = world.registry.version_tags[NAME, "2"]["twolane.promotion.refused"]
    assert "accuracy: 0.81, at least 0.89" in refused
    assert follow_registry(NAME, world.ports) is None


@pytest.mark.parametrize("against", ["1", None])
def test_a_verdict_beside_another_champion_than_there_is_does_not_count(
    world: World, against: str | None
) -> None:
    world.registry.add(NAME, "3", EVIDENCE)
    world.judge("3", ("accuracy", True, "0.92"), against=against)
    world.promote("2")
    move_by_hand(world, "3")

    done = follow_registry(NAME, world.ports)

    assert done is not None
    assert (
        f"judged against version {against or 'none'}, but the champion is version 2" in done.reason
    )
    assert world.aliases["champion"] == "2"


def test_a_version_that_no_release_has_judged_is_put_back(world: World) -> None:
    move_by_hand(world, "3")
    done = follow_registry(NAME, world.ports)
    assert done is not None
    assert "no release has judged it" in done.reason
    assert world.aliases["champion"] == "1"


def test_a_verdict_that_anyone_could_have_written_is_no_evidence(world: World) -> None:
    uploaded = "s3://twolane-inbox/mine/"
    world.registry.add(NAME, "2", uploaded)
    world.judge("2", ("accuracy", True, "0.99"))
    world.objects.put(f"{uploaded}verdict.json", world.objects.objects[f"{EVIDENCE}verdict.json"])
    move_by_hand(world, "2")

    done = follow_registry(NAME, world.ports)
    assert done is not None
    assert "stand in twolane-models" in done.reason
    assert world.aliases["champion"] == "1"


def test_a_version_whose_endpoint_does_not_come_up_is_put_back(world: World) -> None:
    world.registry.add(NAME, "2", EVIDENCE)
    world.judge("2", ("accuracy", True, "0.92"))
    move_by_hand(world, "2")
    world.serverless.fail_with = "no capacity"

    follow_registry(NAME, world.ports)
    assert world.aliases["champion"] == "1"


def test_going_back_by_hand_to_a_former_champion_is_followed(world: World) -> None:
    world.promote("2")
    move_by_hand(world, "1")
    follow_registry(NAME, world.ports)
    assert world.kinds[-1] == "followed 2→1"
    assert world.aliases == {"champion": "1"}, "a rollback does not go forward to what was left"


def test_going_back_by_hand_from_a_champion_that_was_deleted_is_followed(world: World) -> None:
    world.promote("2")
    del world.registry.versions[NAME, "2"]
    move_by_hand(world, "1")
    follow_registry(NAME, world.ports)
    assert world.kinds[-1] == "followed 2→1"


def test_nothing_is_said_to_be_refused_that_was_promoted_meanwhile(world: World) -> None:
    world.registry.add(NAME, "2")
    seen = list(world.book.rows)
    world.promote("2")
    world.book.history = lambda name: seen  # type: ignore[method-assign]

    with pytest.raises(PromotionRefused, match="became champion while"):
        follow_registry(NAME, world.ports)

    assert "twolane.promotion.refused" not in world.registry.version_tags[NAME, "2"]
    assert world.aliases["champion"] == "2"


def test_an_alias_that_was_taken_away_is_put_back(world: World) -> None:
    del world.aliases["champion"]
    follow_registry(NAME, world.ports)
    assert world.aliases["champion"] == "1"
    assert world.kinds[-1] == "reverted None→1"


def test_the_first_champion_is_taken_as_it_is_found(world: World) -> None:
    world.book.rows.clear()
    follow_registry(NAME, world.ports)
    assert world.kinds == ["followed None→1"]


@pytest.mark.parametrize("alias", ["champion", "other"])
def test_models_that_are_not_ours_are_left_alone(world: World, alias: str) -> None:
    world.registry.pointers["theirs"] = {alias: "7"}
    assert follow_registry("theirs", world.ports) is None
    assert world.registry.pointers["theirs"] == {alias: "7"}
