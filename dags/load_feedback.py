"""### Labels that come back

Every hour, take the files that wait under `feedback/<account>/` in the inbox: CSV with the columns
`document_id` and `label`, and optionally `batch_id` (else the document's latest batch) and
`given_at`.

A row counts when the account had an answer about the document and the model knows the label; it
then stands in the table `feedback`. Any other row is set aside in `feedback_quarantine` with its
reason. The file moves to `feedback-done/`.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import DEFAULT_ARGS
from twolane_airflow.tasks import drift


@dag(
    schedule="10 * * * *",
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,
    tags=["models"],
    default_args=DEFAULT_ARGS,
    deadline=late_after(timedelta(minutes=30)),
)
def load_feedback() -> None:
    drift.load_feedback()


load_feedback()
