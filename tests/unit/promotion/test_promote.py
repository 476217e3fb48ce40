"""A promotion: judged, deployed and tried first, recorded, and harmless to ask for again."""

from __future__ import annotations

import pytest

from include.domain.errors import EndpointUnavailable, PromotionRefused, UnknownModelAlias
from include.domain.promotion.alias import Alias
from include.pipeline.promotion.promote_model import PromotionRequest, promote_model
from tests.unit.promotion.conftest import EVIDENCE, NAME, World


def test_the_alias_moves_with_a_history(world: World) -> None:
    world.aliases[Alias.CHALLENGER] = "2"
    evidence = world.judge("2", ("accuracy", True, "0.91 against 0.90"))

    done = world.promote("2", evidence)

    assert world.aliases == {"champion": "2", "previous": "1"}
    assert (done.from_version, done.to_version, done.by) == ("1", "2", "ada")
    assert (done.reason, done.evidence_uri, done.at) == ("it is better", EVIDENCE, world.clock)
    assert world.kinds == ["promoted None→1", "promoted 1→2"]
    tags = world.registry.version_tags[NAME, "2"]
    assert tags["twolane.promotion.by"] == "ada"
    assert tags["twolane.promotion.evidence"] == EVIDENCE
    assert "1 → 2 by ada" in world.registry.version_tags[NAME, "1"]["twolane.promotion.left"]
    assert "1 → 2 by ada" in world.registry.model_tags[NAME]["twolane.promotion.latest"]


def test_the_version_has_answered_before_the_alias_moves(world: World) -> None:
    seen: list[str] = []

    def answer(record: dict[str, str]) -> dict[str, object]:
        seen.append(world.aliases["champion"])
        return {"id": record["id"], "label": "Sports", "score": 0.5}

    world.serverless.answer_with = answer
    world.promote("2")

    assert seen == ["1", "1", "1"]
    assert "news-topic@2" in world.serverless.deployed


def test_asking_again_changes_nothing(world: World) -> None:
    world.promote("2")
    rows, asked = list(world.book.rows), len(world.serverless.asked)

    again = world.promote("2")

    assert again == rows[-1]
    assert world.book.rows == rows
    assert len(world.serverless.asked) == asked


def test_asking_again_repairs_what_mlflow_shows(world: World) -> None:
    world.promote("2")
    world.aliases.pop("previous")
    world.registry.version_tags.clear()

    world.promote("2")

    assert world.aliases["previous"] == "1"
    assert world.registry.version_tags[NAME, "2"]["twolane.promotion.kind"] == "promoted"


def test_failed_gates_are_named_and_nothing_moves(world: World) -> None:
    evidence = world.judge(
        "2",
        ("accuracy", False, "0.81, at least 0.89 was asked for"),
        ("latency", True, "4 ms"),
    )

    with pytest.raises(PromotionRefused, match=r"news-topic@2.*accuracy: 0\.81, at least"):
        world.promote("2", evidence)
    assert world.aliases == {"champion": "1"}
    assert "news-topic@2" not in world.serverless.deployed


@pytest.mark.parametrize("content", ["{", '{"format": 2}', '{"format": 1, "passed": true}', "[]"])
def test_evidence_that_is_no_verdict_is_refused(world: World, content: str) -> None:
    world.objects.put(f"{EVIDENCE}verdict.json", content.encode())

    with pytest.raises(PromotionRefused, match=r"verdict\.json"):
        world.promote("2", EVIDENCE)


def test_a_verdict_without_gates_is_none(world: World) -> None:
    with pytest.raises(PromotionRefused, match="no gate"):
        world.promote("2", world.judge("2"))


def test_evidence_on_another_artifact_is_refused(world: World) -> None:
    evidence = world.judge("2", ("accuracy", True, "fine"), digest="f" * 64)

    with pytest.raises(PromotionRefused, match="ffffffffffff"):
        world.promote("2", evidence)


def test_what_its_own_release_found_counts_where_nothing_else_is_named(world: World) -> None:
    evidence = world.judge("2", ("accuracy", False, "0.80 against 0.90"))
    world.registry.add(NAME, "2", evidence)
    with pytest.raises(PromotionRefused, match=r"accuracy: 0\.80 against 0\.90"):
        world.promote("2")

    request = PromotionRequest(NAME, "2", "ada", "we know", overrules_gates=True)
    done = promote_model(request, world.ports)

    assert world.aliases["champion"] == "2"
    assert (done.reason, done.evidence_uri) == ("we know", "")


def test_absent_evidence_is_refused(world: World) -> None:
    with pytest.raises(PromotionRefused, match=r"verdict\.json"):
        world.promote("2", EVIDENCE)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"id": "smoke-0", "label": "Weather", "score": 0.5}, "'Weather'"),
        ({"id": "smoke-0", "label": "Sports", "score": 1.5}, r"1\.5"),
        ({"id": "other", "label": "Sports", "score": 0.5}, "answered as other"),
        ({"id": "smoke-0", "error": {"code": "broken", "message": "no"}}, "broken: no"),
        ({"id": "smoke-0", "tag": "Sports"}, "not a prediction line"),
    ],
)
def test_an_endpoint_that_answers_wrongly_is_not_promoted(
    world: World, answer: dict[str, object], why: str
) -> None:
    world.serverless.answer_with = lambda record: answer

    with pytest.raises(PromotionRefused, match=why):
        world.promote("2")
    assert world.aliases == {"champion": "1"}


def test_an_endpoint_that_does_not_come_up_is_not_promoted(world: World) -> None:
    world.serverless.fail_with = "no capacity"

    with pytest.raises(EndpointUnavailable, match="no capacity"):
        world.promote("2")
    assert world.aliases == {"champion": "1"}


def test_a_version_whose_alarm_rings_is_not_promoted(world: World) -> None:
    world.serverless.alarms["news-topic@2"] = ["alarm x rings: 3 of 3"]

    with pytest.raises(PromotionRefused, match="alarm x rings"):
        world.promote("2")


def test_only_lanes_in_use_get_an_endpoint_beside_the_first(world: World) -> None:
    world.promote("2")
    assert world.asynchronous.deployed == {}

    world.asynchronous.deployed["news-topic@2"] = "s3://twolane-models/2"
    world.promote("3")
    assert "news-topic@3" in world.asynchronous.deployed
    assert world.asynchronous.asked == ["news-topic@3"]


def test_a_version_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(UnknownModelAlias, match="version 9"):
        world.promote("9")


def test_two_that_promote_at_once_do_not_overrule_each_other(world: World) -> None:
    """While 2 is made ready, another promotes 3."""

    def promote_other(record: dict[str, str]) -> dict[str, object]:
        world.serverless.answer_with = answer
        world.promote("3")
        return answer(record)

    def answer(record: dict[str, str]) -> dict[str, object]:
        return {"id": record["id"], "label": "Sports", "score": 0.5}

    world.serverless.answer_with = promote_other
    with pytest.raises(PromotionRefused, match="version 3 became champion"):
        world.promote("2")
    assert world.kinds == ["promoted None→1", "promoted 1→3"]


def test_two_that_promote_the_same_at_once_are_one(world: World) -> None:
    def answer(record: dict[str, str]) -> dict[str, object]:
        return {"id": record["id"], "label": "Sports", "score": 0.5}

    def promote_too(record: dict[str, str]) -> dict[str, object]:
        world.serverless.answer_with = answer
        world.promote("2")
        return answer(record)

    world.serverless.answer_with = promote_too
    world.promote("2")
    assert world.kinds == ["promoted None→1", "promoted 1→2"]


def test_a_move_whose_record_was_lost_is_recorded_by_the_next_try(world: World) -> None:
    world.aliases["champion"] = "2"
    world.promote("2")
    assert world.kinds == ["promoted None→1", "promoted 1→2"]
    assert world.aliases == {"champion": "2", "previous": "1"}
