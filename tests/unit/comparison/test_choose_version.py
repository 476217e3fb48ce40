"""Which version a batch pins, while a canary begins, runs, ends and is overtaken."""

from __future__ import annotations

from datetime import timedelta

import pytest

from include.domain.comparison.comparison import (
    Comparison,
    Ending,
    Finding,
    Kind,
    Plan,
    new_comparison,
)
from include.domain.model_ref import ModelRef
from tests.support.batches import NOW, World, documents

CHAMPION = ModelRef("news-topic", "1", "d" * 64)
CHALLENGER = ModelRef("news-topic", "2", "e" * 64)


@pytest.fixture
def world() -> World:
    made = World()
    made.registry.add("challenger", CHALLENGER)
    return made


def begin(world: World, *, inside: str, outside: str) -> Comparison:
    """Begin a canary that takes one account and not the other."""
    plan = Plan(Kind.CANARY, account_share=0.5, document_share=0.1)
    for second in range(100):
        at = NOW - timedelta(seconds=second)
        canary = new_comparison(plan, CHAMPION, CHALLENGER, started_by="someone", at=at)
        if canary.takes_account(inside) and not canary.takes_account(outside):
            world.comparisons.open(canary)
            return canary
    raise AssertionError("no split takes the one and not the other")


def end(world: World, canary: Comparison) -> None:
    world.comparisons.end(canary.comparison_id, Ending(Finding.WORSE, "worse", NOW))


INSIDE = {"inside": "standard-harbor", "outside": "trial-lumen"}


def test_a_canary_answers_the_accounts_it_takes_and_no_others(world: World) -> None:
    begin(world, **INSIDE)

    assert world.pull(documents(1)).model == CHALLENGER
    assert world.pull(account="trial-lumen").model == CHAMPION


def test_a_canary_leaves_alone_what_was_submitted_before_it_began(world: World) -> None:
    begin(world, **INSIDE)
    waited_since = NOW - timedelta(minutes=5)

    assert world.pull(documents(1), submitted_at=waited_since).model == CHAMPION


def test_a_shadow_answers_nobodys_batch(world: World) -> None:
    plan = Plan(Kind.SHADOW, account_share=0.0, document_share=1.0)
    shadow = new_comparison(plan, CHAMPION, CHALLENGER, started_by="someone", at=NOW)
    world.comparisons.open(shadow)

    assert world.pull(documents(1)).model == CHAMPION


def test_a_canary_is_for_batches_that_ask_for_the_champion(world: World) -> None:
    begin(world, **INSIDE)
    other = ModelRef("news-topic", "7", "a" * 64)
    world.registry.add("trivial", other)

    assert world.pull(documents(1), model_alias="trivial").model == other


def test_a_retry_finds_its_batch_after_the_canary_has_ended(world: World) -> None:
    canary = begin(world, **INSIDE)
    first = world.pull(documents(3))
    end(world, canary)

    assert world.pull() == first
    assert first.model == CHALLENGER
    assert world.pull(run_id="run-2").model == CHAMPION


def test_a_retry_finds_its_batch_after_a_canary_has_begun(world: World) -> None:
    first = world.pull(documents(3))
    begin(world, **INSIDE)

    assert world.pull() == first
    assert first.model == CHAMPION
    assert world.pull(run_id="run-2").model == CHALLENGER


def test_a_retry_finds_its_batch_though_its_alias_is_gone(world: World) -> None:
    first = world.pull(documents(3), model_alias="challenger")
    world.registry.drop("news-topic", "challenger")

    assert world.pull(model_alias="challenger") == first


def test_a_run_of_several_batches_pins_each_by_itself(world: World) -> None:
    first = world.pull(documents(3), key="one")
    begin(world, **INSIDE)

    assert world.pull(key="two").model == CHALLENGER
    assert world.pull(key="one") == first


@pytest.mark.parametrize("version", ["0", "2", "3"])
def test_a_rollback_or_promotion_ends_a_canarys_share_at_once(world: World, version: str) -> None:
    begin(world, **INSIDE)
    now_champion = ModelRef("news-topic", version, "f" * 64)
    world.registry.add("champion", now_champion)

    assert world.pull(documents(1)).model == now_champion
