"""From an upload to both stores by way of a queue, on servers that really answer.

The keeper is stepped here instead of by the triggerer, and the run it asks for is run by
`dag.test()` under the id that it gives.
"""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterator

import pytest

from include.cli import redrive
from tests.integration.conftest import Outcome, Product, json_lines, sound
from tests.integration.test_document_inference import check_stores
from tests.support.fakes.queues import FakeStartedRuns

ACCOUNT = "trial-lumen"


class Intake:
    """One queue of the product, kept by hand."""

    def __init__(self, product: Product, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        from include.domain.queues.lane_class import LaneClass
        from include.wiring.batches.bootstrap import twolane

        self.product = product
        self.lane_class = LaneClass(name)
        self.keeper = twolane().queue_keeper(self.lane_class, FakeStartedRuns())
        self._monkeypatch = monkeypatch
        self._sqs = product.aws.client("sqs")

    def url(self, suffix: str = "") -> str:
        name = f"twolane-{self.lane_class.value}{suffix}"
        return self._sqs.get_queue_url(QueueName=name)["QueueUrl"]

    def upload(self, content: bytes, *, account: str = ACCOUNT, name: str = "a.jsonl") -> str:
        key = f"{self.lane_class.value}/{account}/{uuid.uuid4().hex}/{name}"
        self.product.aws.client("s3").put_object(
            Bucket="twolane-inbox",
            Key=key,
            Body=content,
            Metadata={"twolane-model-alias": "trivial", "twolane-deadline-minutes": "30"},
        )
        return f"s3://twolane-inbox/{key}"

    def send(self, body: str) -> None:
        self._sqs.send_message(QueueUrl=self.url(), MessageBody=body)

    def run(self, request) -> Outcome:
        """Run what the keeper asks for, as the intake does."""
        from airflow.models.dagrun import DagRun

        is_express = self.lane_class.value == "express"
        dag_id = "express_inference" if is_express else "document_inference"
        with self._monkeypatch.context() as patch:
            patch.setattr(DagRun, "generate_run_id", staticmethod(lambda **_: request.run_id))
            return self.product.run(dag_id, request.conf)

    def counts(self, suffix: str = "") -> tuple[int, int]:
        """Messages that wait, and messages that are held."""
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self.url(suffix), AttributeNames=["All"]
        )["Attributes"]
        return (
            int(attributes["ApproximateNumberOfMessages"]),
            int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        )


@pytest.fixture(params=["bulk", "express"])
def intake(
    request: pytest.FixtureRequest, product: Product, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Intake]:
    yield from an_intake(product, monkeypatch, request.param)


@pytest.fixture
def bulk(product: Product, monkeypatch: pytest.MonkeyPatch) -> Iterator[Intake]:
    yield from an_intake(product, monkeypatch, "bulk")


def an_intake(product, monkeypatch, name) -> Iterator[Intake]:
    made = Intake(product, monkeypatch, name)
    sqs = product.aws.client("sqs")
    for suffix in ("", "-dead"):
        sqs.purge_queue(QueueUrl=made.url(suffix))
    yield made
    made.keeper.release()


def rows(product: Product) -> dict[str, int]:
    return {
        table: product.query(f"SELECT count(*) AS n FROM {table}")[0]["n"]  # noqa: S608
        for table in ("batches", "predictions", "quarantined_documents", "charges")
    }


def test_an_upload_becomes_a_batch_and_its_message_ends_with_the_commit(intake):
    uri = intake.upload(json_lines(*sound(4)), name="{{ 1 + 1 }} a+b ü.jsonl")

    (request,) = intake.keeper.step()
    outcome = intake.run(request)

    assert outcome.batch["state"] == "succeeded"
    assert (outcome.batch["account_id"], outcome.batch["deadline_s"]) == (ACCOUNT, 1800)
    check_stores(intake.product, outcome, {f"d{i}" for i in range(4)})
    assert intake.counts() == (0, 1)
    (batch,) = intake.product.query(
        "SELECT batch_uris FROM batches WHERE batch_id = %s", outcome.batch["batch_id"]
    )
    assert batch["batch_uris"] == [uri]

    assert intake.keeper.step() == []
    assert intake.counts() == (0, 0)
    assert intake.counts("-dead") == (0, 0)


def test_a_message_that_comes_again_after_the_commit_changes_nothing(bulk):
    body = json.dumps(
        {"batch_uri": bulk.upload(json_lines(*sound(3))), "account": ACCOUNT}
        | {"model_alias": "trivial", "submission": uuid.uuid4().hex}
    )
    (upload,) = bulk.keeper.step()
    bulk.send(body)
    (direct,) = bulk.keeper.step()
    bulk.run(upload)
    outcome = bulk.run(direct)
    bulk.keeper.step()
    before = rows(bulk.product)

    bulk.send(body)

    assert bulk.keeper.step() == []
    assert bulk.counts() == (0, 0)
    assert rows(bulk.product) == before
    assert outcome.batch["state"] == "succeeded"


def test_a_crash_between_commit_and_delete_changes_nothing(bulk):
    from include.wiring.batches.bootstrap import twolane

    bulk.upload(json_lines(*sound(3)))
    (request,) = bulk.keeper.step()
    bulk.run(request)
    before = rows(bulk.product)
    bulk.keeper.release()

    assert twolane().queue_keeper(bulk.lane_class, FakeStartedRuns()).step() == []

    assert bulk.counts() == (0, 0)
    assert rows(bulk.product) == before


def test_a_batch_at_fault_is_a_dead_letter_with_the_runs_own_reason(intake, capsys):
    corrupt = gzip.compress(json_lines(*sound(500)), mtime=0)[:-100]
    intake.upload(corrupt, name="corrupt.jsonl.gz")
    (request,) = intake.keeper.step()

    assert intake.run(request).state == "failed"
    assert intake.keeper.step() == []

    assert intake.counts() == (0, 0)
    assert intake.counts("-dead") == (1, 0)
    assert redrive.main([intake.lane_class.value]) == 0
    said = capsys.readouterr().out
    assert "corrupt.jsonl.gz" in said
    assert "runs 1" in said


def test_poison_waits_with_its_reason_and_succeeds_once_it_is_redriven(bulk, capsys):
    name = f"new-{uuid.uuid4().hex[:8]}"
    bulk.upload(json_lines(*sound(5)), account=name)
    bulk.send("not json")
    while bulk.counts() != (0, 0):
        assert bulk.keeper.step() == []
    assert bulk.counts("-dead") == (2, 0)
    assert redrive.main(["bulk"]) == 0
    said = capsys.readouterr().out
    assert f"no account '{name}'" in said
    assert "not JSON" in said
    assert bulk.counts("-dead") == (2, 0)

    bulk.product.query(
        "INSERT INTO accounts (account_id, tier) VALUES (%s, 'trial') RETURNING 1", name
    )
    assert redrive.main(["bulk", "--account", name, "--send"]) == 0
    (request,) = bulk.keeper.step()
    outcome = bulk.run(request)
    bulk.keeper.step()

    assert outcome.batch["prediction_count"] == 5
    assert bulk.counts() == (0, 0)
    assert bulk.counts("-dead") == (1, 0)


def test_an_account_at_its_cap_does_not_hold_up_another(bulk):
    for _ in range(3):
        bulk.upload(json_lines(*sound(1)), account="demo-visitor")
    bulk.upload(json_lines(*sound(1)))

    accounts: list[str] = []
    while len(accounts) < 2:
        accounts += [request.conf["account"] for request in bulk.keeper.step()]

    assert sorted(accounts) == ["demo-visitor", ACCOUNT]
    assert sum(bulk.counts()) == 4


def test_the_command_says_when_a_queue_does_not_answer(bulk, monkeypatch, capsys):
    monkeypatch.setattr(
        "include.wiring.batches.bootstrap.Twolane.queues", lambda *_: bulk_without_queue()
    )

    assert redrive.main(["bulk"]) == 1

    assert "error: cannot receive from queue no-such-queue" in capsys.readouterr().err


def bulk_without_queue():
    from include.adapters.aws.clients import client
    from include.adapters.aws.messaging.queues import SqsQueue
    from include.pipeline.queues.settle_message import Queues

    queue = SqsQueue(client("sqs"), "no-such-queue")
    return Queues(queue, queue)
