"""The express path through the real DAG, on servers that really answer."""

from __future__ import annotations

from tests.integration.conftest import json_lines, sound
from tests.integration.test_document_inference import check_stores


def test_one_task_takes_a_small_batch_to_both_stores(product):
    poison = {"id": "blank", "text": "  "}
    outcome = product.infer_express(product.upload("small.jsonl", json_lines(*sound(4), poison)))

    assert outcome.state == "success"
    assert outcome.tasks == {"infer": "success", "hand_over": "skipped"}
    assert outcome.batch["state"] == "succeeded"
    assert outcome.batch["lane"] == "serverless"
    assert (outcome.batch["prediction_count"], outcome.batch["quarantined_count"]) == (4, 1)
    check_stores(product, outcome, {f"d{i}" for i in range(4)})
