"""A lane that is waited for in the triggerer, through the real DAG and a job that really runs."""

from __future__ import annotations

import pytest

from tests.integration.conftest import forget_settings, json_lines, sound
from tests.integration.test_document_inference import check_stores


@pytest.fixture
def always_deferred(product, monkeypatch):
    """Every lane that waits is deferred at once, and resumed to load each shard that is done."""
    monkeypatch.setenv("TWOLANE_DEFER_AFTER_S", "0")
    monkeypatch.setenv("TWOLANE_DEFERRED_LOOK_S", "0.1")
    monkeypatch.setenv("TWOLANE_AHEAD_SHARDS", "1")
    forget_settings()
    yield
    monkeypatch.undo()
    forget_settings()


def test_a_deferred_lane_ends_as_one_that_was_waited_for(product, always_deferred, monkeypatch):
    from twolane_airflow.operators.lane import LaneOperator

    events = []
    complete = LaneOperator.execute_complete

    def noting(self, context, event=None):
        events.append(event)
        return complete(self, context, event)

    monkeypatch.setattr(LaneOperator, "execute_complete", noting)

    outcome = product.infer(product.upload("news.jsonl", json_lines(*sound(18))))

    assert outcome.state == "success"
    assert outcome.tasks["processing"] == "success"
    batch_id = outcome.batch["batch_id"]
    assert events[-1]["status"] in ("done", "loadable")  # done while it was resumed to load
    assert {event["batch_id"] for event in events} == {batch_id}
    jobs = product.aws.client("sagemaker").list_processing_jobs(NameContains=batch_id)
    assert [job["ProcessingJobName"] for job in jobs["ProcessingJobSummaries"]] == [
        events[-1]["resource"]
    ]
    check_stores(product, outcome, {f"d{i}" for i in range(18)})
