"""The express path as one Airflow task."""

from __future__ import annotations

from typing import Any

from include.domain.errors import BatchRejected
from twolane_airflow.failures import BATCH_ID_KEY, no_retry_on
from twolane_airflow.submissions import submission_from_params


def infer(params: Any = None, dag_run: Any = None, ti: Any = None) -> dict[str, Any] | None:
    """Classify the run's batch in this task.

    Returns:
        None when the batch stands in both stores. Otherwise the values with which
        `document_inference` goes on with it: under the same key, it is the same batch.
    """
    from include.wiring.batches.bootstrap import twolane

    product = twolane()
    submission = submission_from_params(
        params,
        run_id=dag_run.run_id,
        submitted_at=dag_run.run_after,
        default_model=product.settings.model_name,
    )
    pulled: list[str] = []
    try:
        with no_retry_on(BatchRejected):
            outcome = product.express(submission, run_id=dag_run.run_id, on_pulled=pulled.append)
    except Exception:
        for batch_id in pulled:
            ti.xcom_push(key=BATCH_ID_KEY, value=batch_id)
        raise
    if outcome.handed_over:
        print(f"handed over: {outcome.handed_over}")  # noqa: T201  (goes to the task's log)
        submitted_at = submission.submitted_at.isoformat()
        return {**params, "submission": submission.key, "submitted_at": submitted_at}
    print(f"batch {outcome.batch_id}: {outcome.closure}")  # noqa: T201
    return None
