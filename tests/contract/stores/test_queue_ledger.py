"""QueueLedger: the same promises on the fake and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from include.adapters.postgres.batches.queue_ledger import PostgresQueueLedger
from include.adapters.postgres.database import Database
from include.domain.queues.lane_class import LaneClass
from include.domain.queues.requests import QueueRequest, direct_request
from include.pipeline.queues.ports import (
    Claim,
    ClaimState,
    Outcome,
    OutcomeState,
    QueueLedger,
    Settlement,
)
from tests.support.fakes.queues import FakeQueueLedger

ACCOUNT = "enterprise-meridian"
Commit = Callable[[QueueRequest], None]

SUCCEEDED = """
INSERT INTO batches (
    batch_id, run_id, account_id, tier, submission_key, batch_uris, content_digest,
    model_name, model_version, model_digest, document_count, token_estimate,
    submitted_at, deadline_at, state, closed_at
)
VALUES (
    %(key)s, 'run', %(account)s, 'demo', %(submission)s, ARRAY[%(uri)s], '', 'm', '1', '', 1, 1,
    now(), now(), 'succeeded', now()
)
"""


@pytest.fixture(params=["fake", "postgres"])
def ledger_and_commit(request: pytest.FixtureRequest) -> tuple[QueueLedger, Commit]:
    if request.param == "fake":
        fake = FakeQueueLedger()
        return fake, lambda each: fake.commit(each.account, each.submission, each.batch_uri)
    url: str = request.getfixturevalue("product_database_url")

    def commit(each: QueueRequest) -> None:
        values = {
            "key": each.key,
            "account": each.account,
            "submission": each.submission,
            "uri": each.batch_uri,
        }
        with psycopg.connect(url) as connection:
            connection.execute(
                "INSERT INTO accounts (account_id, tier) VALUES (%s, 'enterprise')"
                " ON CONFLICT DO NOTHING",
                (each.account,),
            )
            connection.execute(SUCCEEDED, values)

    return PostgresQueueLedger(Database(url)), commit


@pytest.fixture
def ledger(ledger_and_commit: tuple[QueueLedger, Commit]) -> QueueLedger:
    return ledger_and_commit[0]


@pytest.fixture
def commit(ledger_and_commit: tuple[QueueLedger, Commit]) -> Commit:
    return ledger_and_commit[1]


def wanted(number: int, account: str = ACCOUNT) -> QueueRequest:
    return direct_request({"batch_uri": f"s3://twolane-inbox/bulk/{number}", "account": account})


def claim(
    ledger: QueueLedger, request: QueueRequest, message_id: str = "m", **changes: object
) -> Claim:
    values = {"lane_class": LaneClass.BULK, "cap": 2, "lease_s": 60.0} | changes
    return ledger.claim(request, message_id=message_id, **values)  # type: ignore[arg-type]


def test_a_request_is_granted_one_run_whoever_asks(ledger: QueueLedger) -> None:
    first = claim(ledger, wanted(1), "m1")
    again = claim(ledger, wanted(1), "m2")

    assert first.state is ClaimState.GRANTED
    assert again == Claim(ClaimState.RUNNING, first.run_id, 1)


def test_an_account_gets_no_more_than_its_cap(ledger: QueueLedger) -> None:
    states = [claim(ledger, wanted(number)).state for number in range(3)]

    assert states == [ClaimState.GRANTED, ClaimState.GRANTED, ClaimState.OVER_CAP]
    assert claim(ledger, wanted(3)).running == 2
    assert claim(ledger, wanted(0)).state is ClaimState.RUNNING
    assert claim(ledger, wanted(4, "demo-visitor")).state is ClaimState.GRANTED
    assert claim(ledger, wanted(5), lane_class=LaneClass.EXPRESS).state is ClaimState.GRANTED


@pytest.mark.parametrize("settlement", list(Settlement))
def test_a_settled_request_gives_its_place_up(ledger: QueueLedger, settlement: Settlement) -> None:
    for number in range(2):
        claim(ledger, wanted(number))

    ledger.settle(wanted(0).key, settlement, reason="", message_id="m")

    assert claim(ledger, wanted(2)).state is ClaimState.GRANTED
    assert claim(ledger, wanted(3)).state is ClaimState.OVER_CAP


def test_a_place_whose_lease_has_ended_is_free_and_its_run_is_still_adopted(
    ledger: QueueLedger,
) -> None:
    first = claim(ledger, wanted(0), cap=1, lease_s=0.0)

    assert claim(ledger, wanted(1), cap=1, lease_s=0.0).state is ClaimState.GRANTED
    assert claim(ledger, wanted(0), cap=1).run_id == first.run_id
    assert claim(ledger, wanted(2), cap=1).state is ClaimState.OVER_CAP
    ledger.renew([wanted(0).key], 0.0)
    assert claim(ledger, wanted(2), cap=1).state is ClaimState.GRANTED


def test_claims_at_the_same_time_keep_to_the_cap(product_database_url: str) -> None:
    ledgers = [PostgresQueueLedger(Database(product_database_url)) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        claims = list(pool.map(lambda n: claim(ledgers[n % 4], wanted(n), cap=3), range(20)))

    assert sum(each.state is ClaimState.GRANTED for each in claims) == 3


def test_a_commit_is_what_the_batches_say(ledger: QueueLedger, commit: Commit) -> None:
    claim(ledger, wanted(0))
    assert ledger.outcomes([wanted(0).key]) == {wanted(0).key: Outcome(OutcomeState.RUNNING)}

    commit(wanted(0))

    assert ledger.outcomes([wanted(0).key]) == {wanted(0).key: Outcome(OutcomeState.COMMITTED)}
    assert claim(ledger, wanted(0)).state is ClaimState.COMMITTED
    assert ledger.outcomes([wanted(0).key]) == {}
    assert ledger.entries([wanted(0).key])[wanted(0).key].state == "committed"


def test_a_batch_that_came_another_way_counts_too(ledger: QueueLedger, commit: Commit) -> None:
    commit(wanted(0))

    assert claim(ledger, wanted(0)).state is ClaimState.COMMITTED
    other_account = replace(wanted(0), account="demo-visitor", key="other")
    assert claim(ledger, other_account).state is ClaimState.GRANTED


def test_a_run_fails_once_and_is_then_granted_anew(ledger: QueueLedger) -> None:
    first = claim(ledger, wanted(0))

    assert ledger.record_failure(first.run_id, "a\0 timeout", is_final=False)
    assert not ledger.record_failure(first.run_id, "again", is_final=True)
    assert not ledger.record_failure("manual__1", "not ours", is_final=True)

    (outcome,) = ledger.outcomes([wanted(0).key]).values()
    assert outcome.state is OutcomeState.FAILED
    assert outcome.reason.replace("\0", "\ufffd") == "a\ufffd timeout"
    assert (outcome.is_final, outcome.failures) == (False, 1)
    assert claim(ledger, wanted(0)).state is ClaimState.RUNNING

    ledger.settle(wanted(0).key, Settlement.WAITING, reason=outcome.reason, message_id="m")
    second = claim(ledger, wanted(0))

    assert second.state is ClaimState.GRANTED
    assert second.run_id == f"{first.run_id}-2"
    ledger.record_failure(second.run_id, "again", is_final=True)
    assert ledger.outcomes([wanted(0).key])[wanted(0).key] == Outcome(
        OutcomeState.FAILED, "again", is_final=True, failures=2
    )


def test_a_refused_message_is_refused_again_and_another_is_tried(ledger: QueueLedger) -> None:
    first = claim(ledger, wanted(0), "m1")
    ledger.record_failure(first.run_id, "poison", is_final=True)
    ledger.settle(wanted(0).key, Settlement.REFUSED, reason="poison", message_id="m1")

    assert claim(ledger, wanted(0), "m1").state is ClaimState.REFUSED
    redriven = claim(ledger, wanted(0), "m2")

    assert redriven.state is ClaimState.GRANTED
    assert redriven.run_id == f"{first.run_id}-2"
    assert ledger.entries([wanted(0).key])[wanted(0).key].failures == 0


def test_a_refusal_is_kept_with_its_reason(ledger: QueueLedger) -> None:
    ledger.refuse(
        "poison-1", lane_class=LaneClass.EXPRESS, account="", reason="not JSON", message_id="m1"
    )

    entry = ledger.entries(["poison-1", "unknown"])["poison-1"]

    assert (entry.state, entry.runs, entry.reason) == ("refused", 0, "not JSON")
    assert entry.message_id == "m1"


def test_a_request_refused_before_any_run_can_be_redriven_to_its_commit(
    ledger: QueueLedger, commit: Commit
) -> None:
    ledger.refuse(
        wanted(0).key, lane_class=LaneClass.BULK, account=ACCOUNT, reason="who?", message_id="m1"
    )

    assert claim(ledger, wanted(0), "m2").state is ClaimState.GRANTED
    commit(wanted(0))

    assert ledger.outcomes([wanted(0).key])[wanted(0).key].state is OutcomeState.COMMITTED


def test_a_request_that_was_claimed_can_be_refused(ledger: QueueLedger) -> None:
    claim(ledger, wanted(0), cap=1)

    ledger.refuse(
        wanted(0).key, lane_class=LaneClass.BULK, account=ACCOUNT, reason="gone", message_id="m"
    )

    assert claim(ledger, wanted(1), cap=1).state is ClaimState.GRANTED
