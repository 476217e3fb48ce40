"""What is buried, with which reason, and how it comes back."""

from __future__ import annotations

import json

import pytest

from include.pipeline.queues.dead_letters import look_through, redrive
from tests.support.fakes.queues import START
from tests.support.queue_world import INBOX, PATIENCE, World, started


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("not json", "not JSON"),
        (json.dumps({"batch_uri": f"{INBOX}a", "account": "x", "colour": 1}), "colour"),
        (json.dumps({"batch_uri": f"{INBOX}a", "account": "nobody"}), "nobody"),
        (json.dumps({"batch_uri": "s3://secrets/a", "account": "trial-lumen"}), "secrets"),
        (json.dumps({"batch_uri": f"{INBOX}missing", "account": "trial-lumen"}), "missing"),
    ],
)
def test_poison_is_buried_with_its_reason_and_once(world: World, body: str, reason: str) -> None:
    message_id = world.inbox.send(body)

    assert world.keeper.step() == []

    assert world.inbox.messages == {}
    (found,) = world.reasons()
    assert reason in found
    assert world.dead_letters.bodies == [body]
    # SQS may deliver it once more, in spite of the deletion.
    world.inbox.send(body)
    ((_, again),) = world.inbox.messages.items()
    del world.inbox.messages[again.message_id]
    again.message_id = message_id
    world.inbox.messages[message_id] = again
    world.keeper.step()
    assert world.inbox.messages == {}
    assert len(world.dead_letters.messages) == 1


def test_what_an_uploader_may_not_ask_for_is_refused_and_its_place_is_free(world: World) -> None:
    world.objects.metadata[f"{INBOX}bulk/trial-lumen/a"] = {"twolane-tier": "enterprise"}
    world.send("a")

    assert world.keeper.step() == []

    (reason,) = world.reasons()
    assert "cannot submit as 'enterprise'" in reason
    assert [each.state for each in world.ledger.requests.values()] == ["refused"]


def test_a_run_that_fails_for_good_is_buried_with_its_reason(world: World) -> None:
    run = started(world)
    world.ledger.record_failure(run.run_id, "pull: corrupt gzip", is_final=True)

    assert world.keeper.step() == []

    assert world.inbox.messages == {}
    assert world.reasons() == ["pull: corrupt gzip"]


def test_a_run_that_fails_is_tried_again_later_and_given_up_in_the_end(world: World) -> None:
    run_ids = []
    world.send("a")
    for attempt in range(1, PATIENCE.max_failures + 1):
        (run,) = world.keeper.step()
        run_ids.append(run.run_id)
        world.ledger.record_failure(run.run_id, f"timeout {attempt}", is_final=False)
        assert world.keeper.step() == []
        pause_s = PATIENCE.retry_pause_s(attempt)
        world.pass_time(pause_s - 1)
        assert world.keeper.step() == []
        world.pass_time(1)

    assert run_ids == [run_ids[0], f"{run_ids[0]}-2", f"{run_ids[0]}-3"]
    assert world.inbox.messages == {}
    assert world.reasons() == ["timeout 3"]


def test_a_redriven_message_is_run_again_and_keeps_its_history(world: World) -> None:
    run = started(world)
    world.ledger.record_failure(run.run_id, "no such account", is_final=True)
    world.keeper.step()

    (letter,) = redrive(
        world.inbox, world.dead_letters, world.ledger, limit=10, is_wanted=lambda each: True
    )

    assert (letter.reason, letter.runs) == ("no such account", 1)
    assert world.dead_letters.messages == {}
    (message,) = world.inbox.messages.values()
    assert message.attributes == {
        "twolane-redrives": "1",
        "twolane-previous-reason": "no such account",
    }
    (again,) = world.keeper.step()
    assert again.run_id == f"{run.run_id}-2"
    world.ledger.record_failure(again.run_id, "still none", is_final=True)
    world.keeper.step()
    (letter,) = look_through(world.dead_letters, world.ledger, limit=10)
    assert (letter.reason, letter.redrives, letter.runs) == ("still none", 1, 2)


def test_only_what_is_wanted_is_redriven_and_the_rest_can_be_read_again(world: World) -> None:
    for name in ("a", "b"):
        world.inbox.send(json.dumps({"batch_uri": f"{INBOX}{name}", "account": "nobody"}))
    world.keeper.step()

    done = redrive(
        world.inbox,
        world.dead_letters,
        world.ledger,
        limit=10,
        is_wanted=lambda each: f"{INBOX}b" in each.message.body,
    )

    assert len(done) == len(world.inbox.messages) == 1
    assert len(world.reasons()) == len(world.reasons()) == 1


def test_what_sqs_gave_up_has_the_ledgers_reason(world: World) -> None:
    run = started(world)
    world.ledger.record_failure(run.run_id, "timeout", is_final=False)
    (message,) = world.inbox.messages.values()
    world.dead_letters.send(message.body)

    assert world.reasons() == ["timeout"]
    world.dead_letters.messages.clear()
    world.dead_letters.send("never read")
    (reason,) = world.reasons()
    assert "given up by SQS" in reason


def test_what_was_received_too_often_is_sent_anew_before_sqs_gives_it_up(world: World) -> None:
    message_id = world.send("a")
    world.inbox.messages[message_id].receptions = PATIENCE.renew_at_receptions - 1
    world.inbox.messages[message_id].attributes = {"twolane-redrives": "2"}

    world.keeper.step()

    (fresh,) = world.inbox.messages.values()
    assert fresh.message_id != message_id
    assert fresh.attributes == {"twolane-redrives": "2", "twolane-sent-at": START.isoformat()}
    assert len(world.keeper.step()) == 1


def test_a_message_for_several_batches_is_split(world: World) -> None:
    def record(name: str) -> dict[str, object]:
        world.objects.put(f"{INBOX}bulk/trial-lumen/{name}", b"{}")
        entry = {"key": f"bulk/trial-lumen/{name}", "eTag": name}
        s3 = {"bucket": {"name": "twolane-inbox"}, "object": entry}
        return {"eventName": "ObjectCreated:Put", "s3": s3}

    world.inbox.send(json.dumps({"Records": [record("a"), record("b")]}))

    assert world.keeper.step() == []
    runs = world.keeper.step()

    assert sorted(run.conf["batch_uri"][-1] for run in runs) == ["a", "b"]
