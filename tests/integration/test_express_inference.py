"""The express path through the real DAG, on servers that really answer."""

from __future__ import annotations

import pytest

from include.domain.errors import StoreError
from include.wiring.batches.bootstrap import Twolane
from tests.integration.conftest import json_lines, sound
from tests.integration.test_bad_batches import everything, shown
from tests.integration.test_document_inference import check_stores

ONE_TASK = {"infer": "success", "hand_over": "skipped"}


def test_one_task_takes_a_small_batch_to_both_stores(product):
    poison = {"id": "blank", "text": "  "}
    outcome = product.infer_express(product.upload("small.jsonl", json_lines(*sound(4), poison)))

    assert (outcome.state, outcome.tasks) == ("success", ONE_TASK)
    assert outcome.batch["state"] == "succeeded"
    assert outcome.batch["lane"] == "serverless"
    assert (outcome.batch["prediction_count"], outcome.batch["quarantined_count"]) == (4, 1)
    check_stores(product, outcome, {f"d{i}" for i in range(4)})
    bucket, key = outcome.batch["quality_uri"].removeprefix("s3://").split("/", 1)
    assert product.aws.client("s3").get_object(Bucket=bucket, Key=key)["ContentLength"] > 0


def test_the_records_are_those_that_the_larger_pipeline_leaves(product):
    content = json_lines(*sound(3))
    batches = [
        infer(product.upload("same.jsonl", content)).batch["batch_id"]
        for infer in (product.infer_express, product.infer)
    ]

    express, larger = (records(product, batch_id) for batch_id in batches)
    assert express == larger
    assert "output/00000.jsonl.out" in express


def records(product, batch_id):
    """The names of a batch's objects."""
    prefix = f"batches/{batch_id}/"
    found = product.aws.client("s3").list_objects_v2(Bucket="twolane-work", Prefix=prefix)
    return {each["Key"].removeprefix(prefix) for each in found["Contents"]}


@pytest.mark.parametrize("step", ["run_serverless", "load_read_store", "close"])
def test_tried_again_from_any_step_it_is_the_same_batch(product, monkeypatch, step):
    failing, done = [StoreError("lost once")], getattr(Twolane, step)

    def once(self, *arguments, **named):
        result = done(self, *arguments, **named)
        if failing:
            raise failing.pop()
        return result

    monkeypatch.setattr(Twolane, step, once)
    uri = product.upload("again.jsonl", json_lines(*sound(4)))
    key = f"again-{step}"

    outcome = product.infer_express(uri, submission=key)
    if outcome.state != "success":  # `dag.test` leaves a retry to the next run
        outcome = product.infer_express(uri, submission=key)

    assert failing == []
    assert outcome.state == "success"
    check_stores(product, outcome, {f"d{i}" for i in range(4)})
    charges = product.query(
        "SELECT count(*) AS n FROM charges WHERE x_batch_id = %s", outcome.batch["batch_id"]
    )
    assert charges[0]["n"] >= 1


def test_a_batch_at_fault_is_refused_in_the_same_words(product, capfd):
    uri = product.upload("fine.jsonl", json_lines(*sound(1)))
    before = everything(product)

    outcome = product.infer_express(uri, account="nobody")

    [refusal] = [line for line in shown(capfd) if "AirflowFailException:" in line]
    assert uri in refusal
    assert "nobody" in refusal
    assert outcome.tasks["infer"] == "failed"
    assert everything(product) == before


def test_a_batch_that_fails_once_pulled_says_why_on_the_batch(product):
    uri = product.upload("hopeless.jsonl", json_lines(b"not json", {"id": "x"}))

    outcome = product.infer_express(uri)

    assert outcome.tasks["infer"] == "failed"
    assert outcome.batch["state"] == "failed"
    assert uri in outcome.batch["message"]


@pytest.mark.parametrize("why", ["another lane", "too large"])
def test_what_is_not_for_this_path_goes_on_as_the_same_batch(product, why):
    documents = sound(18) if why == "another lane" else [{"id": "d", "text": "x" * 2**20}]
    uri = product.upload("large.jsonl", json_lines(*documents))

    outcome = product.infer_express(uri, account="standard-harbor")

    assert outcome.tasks == {"infer": "success", "hand_over": "success"}
    handed_over = product.conf_of("document_inference", outcome.run_id)
    assert handed_over["batch_uri"] == uri
    assert handed_over["submission"] == outcome.run_id
    assert handed_over["submitted_at"]
    if why == "another lane":
        finished = product.run("document_inference", handed_over)
        assert finished.batch["batch_id"] == outcome.batch["batch_id"]
        assert finished.batch["lane"] == "processing"
        check_stores(product, finished, {f"d{i}" for i in range(18)})
