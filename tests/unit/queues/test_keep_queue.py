"""The keeper of a queue: nothing is lost, nothing is run twice, nobody is held up."""

from __future__ import annotations

from include.domain.accounts import Tier
from include.domain.queues.patience import QueuePatience
from tests.support.fakes.queues import START
from tests.support.queue_world import INBOX, PATIENCE, World, started


def test_a_message_asks_for_one_run_and_stays_until_the_commit(world: World) -> None:
    run = started(world, deadline_minutes=5)

    assert run.conf["batch_uri"] == f"{INBOX}bulk/trial-lumen/a"
    assert run.conf["deadline_minutes"] == 5
    assert run.conf["submitted_at"] == START.isoformat()
    assert not run.is_again
    assert world.keeper.step() == []
    assert len(world.inbox.messages) == 1

    world.commit(run)

    assert world.keeper.step() == []
    assert world.inbox.messages == {}
    assert world.keeper.held == 0


def test_a_run_is_told_its_account_s_deadline_where_its_batch_asks_for_none(world: World) -> None:
    for account in ("trial-lumen", "enterprise-meridian"):
        world.send("a", account=account)

    runs = [*world.keeper.step(), *world.keeper.step()]

    minutes = {run.conf["account"]: run.conf["deadline_minutes"] for run in runs}
    assert minutes == {"trial-lumen": 10.0, "enterprise-meridian": 60.0}


def test_the_heartbeat_keeps_a_message_for_hours(world: World) -> None:
    started(world)

    for _ in range(4 * 60):
        world.pass_time(60)
        runs = world.keeper.step()
        assert all(run.is_again for run in runs)

    assert world.inbox.receive(1, wait_s=0, visibility_s=1) == []


def test_past_what_sqs_allows_it_is_received_anew_and_its_run_adopted(world: World) -> None:
    run = started(world)
    world.pass_time(PATIENCE.hold_limit_s)

    (again,) = world.keeper.step()

    assert (again.run_id, again.is_again) == (run.run_id, True)
    (message,) = world.inbox.messages.values()
    assert message.receptions == 2


def test_a_keeper_that_dies_is_followed_by_one_that_adopts(world: World) -> None:
    run = started(world)
    world.pass_time(PATIENCE.visibility_s)

    (again,) = world.new_keeper().step()

    assert (again.run_id, again.is_again) == (run.run_id, True)


def test_a_keeper_that_ends_in_order_leaves_its_messages_at_once(world: World) -> None:
    run = started(world)

    world.keeper.release()

    assert world.keeper.held == 0
    assert [each.run_id for each in world.new_keeper().step()] == [run.run_id]


def test_a_crash_between_commit_and_delete_deletes_later(world: World) -> None:
    run = started(world)
    world.commit(run)
    world.pass_time(PATIENCE.visibility_s)

    assert world.new_keeper().step() == []
    assert world.inbox.messages == {}


def test_a_message_delivered_twice_at_once_asks_for_one_run(world: World) -> None:
    message_id = world.send("a")
    (run,) = world.keeper.step()
    world.inbox.deliver_again(message_id)
    other = world.new_keeper()

    assert [(each.run_id, each.is_again) for each in other.step()] == [(run.run_id, True)]
    world.commit(run)

    assert world.keeper.step() == []
    assert other.step() == []
    assert world.inbox.messages == {}


def test_the_same_request_in_two_messages_is_run_once(world: World) -> None:
    first, second = world.send("a"), world.send("a")

    runs = world.keeper.step()

    assert first != second
    assert len({run.run_id for run in runs}) == 1
    world.commit(runs[0])
    world.keeper.step()
    assert world.inbox.messages == {}


def test_an_upload_that_is_gone_does_not_matter_to_a_run_that_has_it(world: World) -> None:
    run = started(world)
    world.objects.objects.clear()
    world.pass_time(PATIENCE.visibility_s)

    (again,) = world.new_keeper().step()

    assert again.run_id == run.run_id
    assert world.reasons() == []


def test_an_account_at_its_cap_waits_in_the_queue_and_others_pass(world: World) -> None:
    flood = [world.send(f"{number}", account="enterprise-meridian") for number in range(4)]
    small = world.send("small")

    runs = world.keeper.step() + world.keeper.step()

    accounts = [run.conf["account"] for run in runs]
    assert sorted(accounts) == ["enterprise-meridian", "enterprise-meridian", "trial-lumen"]
    assert set(world.inbox.messages) == {*flood, small}
    world.commit(runs[0])
    (next_run,) = world.keeper.step()
    assert next_run.conf["account"] == "enterprise-meridian"
    assert not next_run.is_again


def test_a_place_that_is_free_is_given_to_the_next_at_once(world: World) -> None:
    for number in range(5):
        world.send(f"{number}", account="enterprise-meridian")
    first, second = world.keeper.step()
    assert world.keeper.step() == []

    world.commit(first)
    (third,) = world.keeper.step()
    world.commit(second)
    world.commit(third)
    last = world.keeper.step()

    uris = [run.conf["batch_uri"][-1] for run in (first, second, third, *last)]
    assert uris == ["0", "1", "2", "3", "4"]
    assert max(each.receptions for each in world.inbox.messages.values()) == 2


def test_a_keeper_that_ends_in_order_leaves_those_it_put_back_at_once_too(world: World) -> None:
    for number in range(3):
        world.send(f"{number}", account="enterprise-meridian")
    world.keeper.step()

    world.keeper.release()

    assert len(world.inbox.receive(10, wait_s=0, visibility_s=1)) == 3


def test_every_message_of_a_flood_is_run_in_the_end(world: World) -> None:
    for number in range(30):
        world.send(f"{number}", account="enterprise-meridian")
    seen: list[str] = []
    most = 0

    for _ in range(200):
        runs = [run for run in world.keeper.step() if not run.is_again]
        most = max(most, world.keeper.held)
        for run in runs:
            seen.append(run.run_id)
            world.commit(run)
        world.pass_time(10)

    assert len(seen) == len(set(seen)) == 30
    assert world.inbox.messages == {}
    assert most <= PATIENCE.caps[Tier.ENTERPRISE]


def test_no_more_is_taken_than_is_held_at_once(world: World) -> None:
    patience = QueuePatience(max_held=2, caps=dict.fromkeys(Tier, 10))
    keeper = world.new_keeper(patience)
    for number in range(5):
        world.send(f"{number}")

    assert keeper.pause_s == 0
    assert len(keeper.step()) == 2
    assert keeper.step() == []
    assert keeper.pause_s == patience.wait_s
    received = [each for each in world.inbox.messages.values() if each.receptions]
    assert len(received) == 2
