"""The steps of a batch as Airflow tasks. Each hands on the batch id; the rest stands in S3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow.sdk import task

from include.domain.errors import BatchRejected
from twolane_airflow.failures import no_retry_on
from twolane_airflow.submissions import submission_from_params


@task
def pull(request: Mapping[str, Any] | None = None, params: Any = None, dag_run: Any = None) -> str:
    """Freeze the submission a request describes, by default the run's form; return the batch id."""
    from include.wiring.batches.bootstrap import twolane

    product = twolane()
    submission = submission_from_params(
        params if request is None else request,
        run_id=dag_run.run_id,
        submitted_at=dag_run.run_after,
        default_model=product.settings.model_name,
    )
    with no_retry_on(BatchRejected):
        return product.pull(submission, run_id=dag_run.run_id).batch_id


@task
def validate(batch_id: str) -> str:
    """Set poison documents aside."""
    from include.wiring.batches.bootstrap import twolane

    with no_retry_on(BatchRejected):
        twolane().validate(batch_id)
    return batch_id


def route(batch_id: str) -> str:
    """Choose the lane; return its name."""
    from include.domain.placement.placement_table import placement_table
    from include.wiring.batches.bootstrap import twolane

    with no_retry_on(BatchRejected):
        placement = twolane().route(batch_id)
    print(placement.reason)  # noqa: T201  (a task's print goes to its log)
    print(placement_table(placement))  # noqa: T201
    return placement.lane.value


@task
def collect(batch_id: str) -> str:
    """Count and check the output of whichever lane ran."""
    from include.wiring.batches.bootstrap import twolane

    twolane().collect(batch_id)
    return batch_id


@task
def load_dynamodb(batch_id: str) -> str:
    """Load the write store; return when it was done."""
    from include.wiring.batches.bootstrap import twolane

    return twolane().load_write_store(batch_id).isoformat()


@task
def load_aurora(batch_id: str) -> str:
    """Load the read store; return when it was done."""
    from include.wiring.batches.bootstrap import twolane

    return twolane().load_read_store(batch_id).isoformat()


@task
def close(batch_id: str, loaded_at: Sequence[str]) -> dict[str, Any]:
    """Reconcile both stores, book the charge, write the report."""
    from include.wiring.batches.bootstrap import twolane

    last = max(datetime.fromisoformat(moment) for moment in loaded_at)
    closure = twolane().close(batch_id, loaded_at=last)
    return {
        "batch_id": batch_id,
        "deadline_met": closure.deadline_met,
        "quality_report": closure.quality_uri,
    }
