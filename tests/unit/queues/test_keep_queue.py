"""The keeper of a queue: nothing is lost, nothing is run twice, nobody is held up."""

from __future__ import annotations

import json

import pytest

from include.domain.accounts import Tier
from include.domain.errors import QueueUnavailable, SchedulerUnavailable, StoreError
from include.domain.queues.lane_class import LaneClass
from include.domain.queues.patience import QueuePatience
from include.pipeline.queues.admit_message import AdmissionPorts, Gate, RunRequest
from include.pipeline.queues.dead_letters import look_through, redrive
from include.pipeline.queues.keep_queue import QueueKeeper
from include.pipeline.queues.settle_message import Queues
from tests.support.fakes import FakeAccountDirectory, FakeObjectStore
from tests.support.fakes.queues import START, FakeQueue, FakeQueueLedger, FakeStartedRuns

INBOX = "s3://twolane-inbox/"
PATIENCE = QueuePatience(max_held=4, caps=dict.fromkeys(Tier, 3) | {Tier.ENTERPRISE: 2})


class World:
    """A queue, its dead letters, a ledger, and as many keepers as a test wants."""

    def __init__(self) -> None:
        self.inbox = FakeQueue("twolane-bulk")
        self.dead_letters = FakeQueue("twolane-bulk-dead")
        self.ledger = FakeQueueLedger()
        self.objects = FakeObjectStore()
        self.accounts = FakeAccountDirectory()
        self.runs = FakeStartedRuns()
        self.keeper = self.new_keeper()

    def new_keeper(self, patience: QueuePatience = PATIENCE) -> QueueKeeper:
        gate = Gate(
            LaneClass.BULK,
            patience,
            frozenset({"twolane-inbox"}),
            AdmissionPorts(self.objects, self.accounts, self.ledger),
        )
        queues = Queues(self.inbox, self.dead_letters)
        return QueueKeeper(gate, queues, self.runs, clock=lambda: self.inbox.now_s)

    def pass_time(self, seconds: float) -> None:
        for clock in (self.inbox, self.dead_letters, self.ledger):
            clock.now_s += seconds

    def send(self, name: str, account: str = "trial-lumen", **fields: object) -> str:
        """Upload a file and send a message for it; return the message's id."""
        uri = f"{INBOX}bulk/{account}/{name}"
        self.objects.put(uri, b"{}")
        return self.inbox.send(json.dumps({"batch_uri": uri, "account": account} | fields))

    def commit(self, run: RunRequest) -> None:
        """Let the batch of a run stand in both stores."""
        self.ledger.commit(run.conf["account"], run.conf["submission"], run.conf["batch_uri"])

    def reasons(self) -> list[str]:
        return [each.reason for each in look_through(self.dead_letters, self.ledger, limit=100)]


@pytest.fixture
def world() -> World:
    return World()


def started(world: World, name: str = "a", **fields: object) -> RunRequest:
    world.send(name, **fields)
    (run,) = world.keeper.step()
    return run


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
