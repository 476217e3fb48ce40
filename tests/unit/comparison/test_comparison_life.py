"""A comparison from its start to its end: what it scores, what it spends, when it stops."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from include.domain.comparison.comparison import Comparison, Finding, Kind, Plan
from include.domain.comparison.sequential_test import Evidence
from include.domain.errors import ComparisonRefused, EndpointUnavailable, UnknownModelAlias
from include.domain.model_ref import ModelCard, ModelRef
from include.domain.money.usage import UsageKind
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from tests.support.batches import NOW
from tests.support.comparison_world import CHALLENGER, CHAMPION, ComparisonWorld

CANARY = Plan(Kind.CANARY, 0.5, 1.0, batch_documents=200)


def always(_: int) -> bool:
    return True


def mostly(number: int) -> bool:
    return number % 4 != 0


def canary_of(world: ComparisonWorld, account: str, *, is_inside: bool) -> Comparison:
    """Begin a canary that takes an account, or does not."""
    for second in range(50):
        world.now = NOW - timedelta(seconds=50 - second)
        canary = world.start(plan=CANARY)
        if canary.takes_account(account) is is_inside:
            world.now = NOW
            return canary
        world.stop()
    raise AssertionError("no split is as wanted")


def test_a_challenger_is_in_service_before_it_is_given_anything() -> None:
    world = ComparisonWorld(always, always)

    comparison = world.start()

    assert world.deployed == [CHALLENGER]
    assert world.book.running("news-topic") == comparison
    assert (comparison.champion, comparison.challenger) == (CHAMPION, CHALLENGER)
    assert world.start() == comparison, "a repeated task finds what it has begun"


def test_what_cannot_be_compared_is_refused_and_nothing_is_begun() -> None:
    world = ComparisonWorld(always, always)
    world.start()
    world.now += timedelta(seconds=1)
    with pytest.raises(ComparisonRefused, match="runs"):
        world.start(plan=replace(world.plan, margin=0.5))
    world.stop()

    world.world.registry.add("challenger", CHALLENGER, ModelCard(("Sports", "Ballet"), 256))
    with pytest.raises(ComparisonRefused, match=r"other labels.*Ballet"):
        world.start()
    world.world.registry.add("challenger", ModelRef("news-topic", "3", CHAMPION.digest))
    with pytest.raises(ComparisonRefused, match="the same artifact"):
        world.start()
    world.world.registry.drop("news-topic", "challenger")
    with pytest.raises(UnknownModelAlias):
        world.start()
    assert not world.book.all_running()
    assert world.deployed == [CHALLENGER]


def test_a_shadow_never_touches_a_batchs_objects_or_rows() -> None:
    world = ComparisonWorld(always, mostly)
    comparison = world.start()
    manifest = world.close_batch()
    objects, writes = dict(world.world.objects.objects), dict(world.world.objects.writes)
    rows = dict(world.world.read_store.batches[manifest.batch_id].predictions)

    world.watch(comparison)

    assert world.book.evidence(comparison.comparison_id) == Evidence(150, 50)
    assert world.world.objects.objects == objects
    assert world.world.objects.writes == writes
    assert world.world.read_store.batches[manifest.batch_id].predictions == rows


def test_a_share_of_the_documents_is_scored_spread_over_the_batch_and_once() -> None:
    world = ComparisonWorld(always, mostly, plan=Plan(Kind.SHADOW, 0.0, 0.3))
    comparison = world.start()
    manifest = world.close_batch(1000)

    world.watch(comparison)
    world.watch(comparison)

    sample = world.book.samples[comparison.comparison_id, manifest.batch_id]
    numbers = [int(answer.document_id[1:]) for answer in sample.answers]
    assert 240 < len(numbers) < 360
    assert min(numbers) < 50
    assert max(numbers) > 950
    assert len(set(numbers)) == len(numbers)


def test_a_large_batch_gives_no_more_than_its_part() -> None:
    plan = Plan(Kind.SHADOW, 0.0, 1.0, batch_documents=60)
    world = ComparisonWorld(always, mostly, plan=plan)
    comparison = world.start()
    manifest = world.close_batch(600)

    world.watch(comparison)

    sample = world.book.samples[comparison.comparison_id, manifest.batch_id]
    numbers = [int(answer.document_id[1:]) for answer in sample.answers]
    assert 30 < len(numbers) <= 60
    assert max(numbers) > 400, "not the head of the batch alone"


def test_it_costs_the_seconds_of_its_calls_and_both_versions_are_timed() -> None:
    world = ComparisonWorld(always, mostly)
    comparison = world.start()
    manifest = world.close_batch()

    world.watch(comparison)

    sample = world.book.samples[comparison.comparison_id, manifest.batch_id]
    assert sample.call_s > 0
    assert sample.list_cost_usd == pytest.approx(sample.call_s), "at 1 USD a second"
    assert [each.owner.model_version for each in sample.charges] == ["1", "2"]
    assert {each.kind for each in sample.charges} == {UsageKind.COMPARISON}
    assert {(each.billed_cost, each.waste_cost) for each in sample.charges} == {(0.0, 0.0)}
    assert {each.owner.account_id for each in sample.charges} == {None}, "no account pays for it"
    assert sample.probe.documents == 16
    assert sample.probe.champion_s > 0
    assert sample.probe.challenger_s > 0


def test_a_document_that_a_version_refuses_is_no_evidence() -> None:
    world = ComparisonWorld(always, mostly)
    world.endpoint.refused = {1, 2}
    comparison = world.start()
    world.close_batch(20)

    world.watch(comparison)

    assert world.book.evidence(comparison.comparison_id).documents == 18
    assert world.book.spending(comparison).documents == 20


@pytest.mark.parametrize("answer", [b"no prediction\n", b""])
def test_a_batch_that_a_version_answers_with_no_predictions_costs_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    world = ComparisonWorld(always, mostly)
    comparison = world.start()
    broken = world.close_batch(20)
    sound = world.endpoint.invoke
    monkeypatch.setattr(world.endpoint, "invoke", lambda name, body: answer * body.count(b"\n"))
    world.watch(comparison)
    monkeypatch.setattr(world.endpoint, "invoke", sound)
    world.now += timedelta(seconds=1)
    world.close_batch(20)

    world.watch(comparison)

    sample = world.book.samples[comparison.comparison_id, broken.batch_id]
    assert (len(sample.answers), sample.refused_count) == (0, 20)
    assert sample.list_cost_usd > 0
    assert world.book.evidence(comparison.comparison_id).documents == 20


def test_it_stops_as_soon_as_labels_say_worse() -> None:
    world = ComparisonWorld(always, mostly)
    comparison = world.start()
    for _ in range(6):
        world.label(world.close_batch(100))

    said = world.watch(comparison)

    ending = world.ended(comparison).ending
    assert ending is not None
    assert ending.finding is Finding.WORSE
    assert "less accurate" in said
    assert world.book.spending(comparison).documents < 600, "batches that it need not look at"


def test_it_finds_a_better_challenger() -> None:
    world = ComparisonWorld(mostly, always)
    comparison = world.start()
    world.label(world.close_batch())

    assert "better" in world.watch(comparison)


def test_without_labels_agreement_proves_equivalence() -> None:
    world = ComparisonWorld(always, always, plan=replace(CANARY, kind=Kind.SHADOW, account_share=0))
    comparison = world.start()
    for _ in range(4):
        world.close_batch()

    assert "equivalent" in world.watch(comparison)


def test_labels_that_come_later_count() -> None:
    world = ComparisonWorld(mostly, always)
    comparison = world.start()
    manifest = world.close_batch()
    assert "nothing is sure" in world.watch(comparison)

    world.label(manifest)

    assert "better" in world.watch(comparison)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"max_documents": 30}, "all 30 documents"),
        ({"budget_usd": 1e-9}, "budget"),
        ({"days": 1e-6}, "days are over"),
    ],
)
def test_it_ends_when_its_means_are_used_up(changes: dict[str, float], reason: str) -> None:
    plan = replace(Plan(Kind.SHADOW, 0.0, 1.0, batch_documents=20), **changes)  # type: ignore[arg-type]
    world = ComparisonWorld(always, mostly, plan=plan)
    comparison = world.start()
    for _ in range(20):
        world.close_batch(20)
    world.now += timedelta(seconds=1)

    world.watch(comparison)

    ending = world.ended(comparison).ending
    assert ending is not None
    assert ending.finding is Finding.UNDECIDED
    assert reason in ending.reason
    assert world.book.spending(comparison).documents <= 30


@pytest.mark.parametrize(
    ("alias", "reason"),
    [("champion", "version 9 is the champion now"), ("challenger", "no challenger any more")],
)
def test_it_ends_when_the_versions_are_rivals_no_longer(alias: str, reason: str) -> None:
    world = ComparisonWorld(always, mostly)
    comparison = world.start()
    if alias == "champion":
        world.world.registry.add(alias, ModelRef("news-topic", "9", "9" * 64))
    else:
        world.world.registry.drop("news-topic", alias)

    assert reason in world.watch(comparison)
    assert world.book.running("news-topic") is None


def test_a_canarys_batches_are_answered_by_the_challenger_and_scored_by_the_champion() -> None:
    world = ComparisonWorld(always, mostly)
    canary = canary_of(world, "standard-harbor", is_inside=True)
    manifest = world.close_batch(40)

    world.watch(canary)

    assert manifest.model == CHALLENGER
    sample = world.book.samples[canary.comparison_id, manifest.batch_id]
    assert {each.champion_label for each in sample.answers} == {"Sports"}
    assert {each.challenger_label for each in sample.answers} == {"Sports", "World"}
    figures = world.book.figures(canary)
    assert (figures.challenger.batches, figures.champion.batches) == (1, 0)


def test_a_canary_whose_batches_fail_is_ended() -> None:
    world = ComparisonWorld(always, always)
    canary = canary_of(world, "standard-harbor", is_inside=True)
    for _ in range(3):
        world.close_batch(5, state="failed")

    assert "3 batches of version 2 failed" in world.watch(canary)
    assert world.close_batch(5).model == CHAMPION


def test_an_endpoint_that_does_not_answer_costs_nothing_but_time() -> None:
    world = ComparisonWorld(always, mostly)
    comparison = world.start()
    world.close_batch()
    world.endpoint.fail_with = "out of service"
    with pytest.raises(EndpointUnavailable):
        world.watch(comparison)
    assert world.book.running("news-topic") == comparison

    world.endpoint.fail_with = ""
    world.watch(comparison)

    assert world.book.evidence(comparison.comparison_id).documents == 200


def test_a_batch_whose_objects_are_gone_adds_nothing() -> None:
    world = ComparisonWorld(always, mostly)
    comparison = world.start()
    world.close_batch()
    world.world.objects.objects.clear()

    assert "0 of 0 documents" in world.watch(comparison)
    assert list(world.book.waiting(comparison, limit=9)) == []


def test_a_person_stops_it_and_what_was_sure_by_then_stands() -> None:
    world = ComparisonWorld(always, mostly)
    assert world.stop() is None
    comparison = world.start()

    assert world.stop() == comparison

    ending = world.ended(comparison).ending
    assert ending is not None
    assert ending.finding is Finding.UNDECIDED
    assert ending.reason.startswith("stopped by jane")


@pytest.mark.parametrize(
    ("place", "content"),
    [
        ("input", b"no request line\n" * 50),
        ("output", b"no answer\n" * 50),
        ("output", b""),
        ("validation", b"{"),
    ],
)
def test_a_batch_that_cannot_be_read_adds_nothing_and_holds_up_no_other(
    place: str, content: bytes
) -> None:
    world = ComparisonWorld(always, mostly)
    comparison = world.start()
    layout = BatchLayout("twolane-work", world.close_batch().batch_id)
    uri = {
        "input": BatchRecords(world.world.objects, layout).validation().shards[0].uri,
        "output": layout.output_shard(0),
        "validation": layout.validation,
    }[place]
    world.world.objects.put(uri, content)
    world.now += timedelta(seconds=1)
    world.label(world.close_batch())

    world.watch(comparison)

    ending = world.ended(comparison).ending
    assert ending is not None
    assert ending.finding is Finding.WORSE, "by the batch that came after"
