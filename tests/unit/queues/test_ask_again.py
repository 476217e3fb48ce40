"""Runs that nobody hears of, keepers that lose their hold, services that do not answer."""

from __future__ import annotations

import pytest

from include.domain.errors import QueueUnavailable, SchedulerUnavailable, StoreError
from tests.support.queue_world import PATIENCE, World, started


def test_a_run_nobody_hears_of_is_looked_at_again(world: World) -> None:
    run = started(world)
    world.pass_time(PATIENCE.look_again_s)

    (again,) = world.keeper.step()

    assert (again.run_id, again.is_again) == (run.run_id, True)
    assert world.keeper.step() == []


def test_a_run_that_does_not_start_is_asked_for_again_within_seconds(world: World) -> None:
    run = started(world)
    world.runs.lost.add(run.run_id)

    asked_s = []
    for _ in range(180):
        world.pass_time(1)
        again = [each for each in world.keeper.step() if not each.is_again]
        assert again in ([], [run])
        asked_s += [world.inbox.now_s] * len(again)

    assert asked_s == [4, 12, 28, 60, 120, 180]


def test_a_run_that_started_is_not_asked_for_again(world: World) -> None:
    started(world)

    for _ in range(170):
        world.pass_time(1)
        assert world.keeper.step() == []

    assert world.runs.looks == 1


def test_a_run_that_was_settled_before_it_was_seen_is_forgotten(world: World) -> None:
    run = started(world)
    world.runs.lost.add(run.run_id)
    world.commit(run)
    world.pass_time(PATIENCE.ask_again_s)

    assert world.keeper.step() == []
    assert world.runs.looks == 0


def test_a_second_message_is_asked_for_by_itself_when_its_event_is_passed_over(
    world: World,
) -> None:
    first, second = started(world, "a"), started(world, "b")
    world.runs.lost.add(second.run_id)
    world.pass_time(PATIENCE.ask_again_s)

    assert world.keeper.step() == [second]
    assert first.run_id != second.run_id


def test_an_adopted_run_that_never_was_is_asked_for_as_a_new_one(world: World) -> None:
    run = started(world)
    world.keeper.release()
    world.runs.lost.add(run.run_id)
    keeper = world.new_keeper()
    (adopted,) = keeper.step()
    world.pass_time(PATIENCE.ask_again_s)

    (again,) = keeper.step()

    assert adopted.is_again
    assert (again.run_id, again.is_again) == (run.run_id, False)


def test_a_run_to_ask_for_does_not_wait_for_the_next_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = []
    receive = world.inbox.receive

    def watched(limit: int, *, wait_s: float, visibility_s: float) -> object:
        waits.append(wait_s)
        return receive(limit, wait_s=wait_s, visibility_s=visibility_s)

    monkeypatch.setattr(world.inbox, "receive", watched)
    run = started(world)
    world.runs.lost.add(run.run_id)
    world.pass_time(PATIENCE.ask_again_s)
    world.keeper.step()

    assert waits == [PATIENCE.wait_s, 0.0]


def test_a_scheduler_that_does_not_answer_leaves_the_run_due(world: World) -> None:
    run = started(world)
    world.runs.lost.add(run.run_id)
    world.pass_time(PATIENCE.ask_again_s)
    world.runs.fail_with = "timeout"
    with pytest.raises(SchedulerUnavailable):
        world.keeper.step()

    world.runs.fail_with = ""

    assert world.keeper.step() == [run]


def test_what_another_keeper_settled_is_let_go(world: World) -> None:
    message_id = world.send("a")
    (run,) = world.keeper.step()
    world.inbox.deliver_again(message_id)
    other = world.new_keeper()
    other.step()
    world.ledger.record_failure(run.run_id, "timeout", is_final=False)
    other.step()

    world.keeper.step()

    assert world.keeper.held == other.held == 0
    assert len(world.inbox.messages) == 1


def test_a_message_lost_hold_of_is_forgotten(world: World) -> None:
    started(world)
    world.inbox.messages.clear()
    world.pass_time(PATIENCE.heartbeat_s)

    world.keeper.step()

    assert world.keeper.held == 0


def test_what_was_admitted_before_an_error_is_asked_for_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.send("a")
    world.send("b")
    answers = iter([world.accounts.get("trial-lumen")])

    def get(account_id: str) -> object:
        for account in answers:
            return account
        raise StoreError("account: the connection was lost")

    with monkeypatch.context() as patch:
        patch.setattr(world.accounts, "get", get)
        with pytest.raises(StoreError):
            world.keeper.step()

    (run,) = world.keeper.step()
    assert run.conf["batch_uri"].endswith("/a")
    world.pass_time(PATIENCE.visibility_s)
    assert any(each.conf["batch_uri"].endswith("/b") for each in world.keeper.step())


def test_a_queue_that_does_not_answer_loses_nothing(world: World) -> None:
    run = started(world)
    world.inbox.fail_with = "timeout"
    world.commit(run)
    with pytest.raises(QueueUnavailable):
        world.keeper.step()

    world.inbox.fail_with = ""
    world.keeper.step()

    assert world.keeper.held == 0
