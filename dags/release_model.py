"""### Release a model

From labelled documents to a new champion: train the candidates, measure them side by side, propose
the cheapest that is no worse than the best, and ask a person.

| Task | What it does |
|---|---|
| `prepare` | reads the documents, sets a test side apart by a hash of their text |
| `train` | one SageMaker training job a trial, a nested run in MLflow each |
| `evaluate` | candidates and champion on the same held-out documents, as they are served |
| `judge` | proposes, registers the proposal as `challenger`, writes the report, posts an alert |
| `check_gates` | fails unless every gate of `mlflow/gates.toml` passed, and says by how much |
| `approve` | waits for a person, the evidence in the form; a week without an answer is a no |
| `promote` | brings the version into service, then moves `champion`, and keeps who and why |

What is trained and on which hardware it is measured: `mlflow/candidates.toml`. All evidence stands
in `s3://<models>/<model>/releases/<release id>/` and on the release's run in MLflow. The same data,
code, hardware, prices and champion are the same release: run again, it finds its work. Where the
proposal is the champion itself, the run ends at `judge` and nobody is asked. A run that fails posts
an alert.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import dag

from twolane_airflow.deadlines import late_after
from twolane_airflow.tasks import releases


@dag(
    schedule=None,
    doc_md=__doc__,
    params=releases.RELEASE_PARAMS,
    tags=["models"],
    default_args=releases.RELEASE_ARGS,
    deadline=late_after(releases.APPROVAL_TIMEOUT + timedelta(days=1)),
)
def release_model() -> None:
    folder = releases.prepare()
    trained = releases.train.partial(folder=folder).expand(trial=releases.list_trials(folder))
    evaluated = releases.evaluate(folder)
    report = releases.judge(folder)
    checked = releases.check_gates(folder)
    approve = ApprovalOperator(
        task_id="approve",
        subject="Promote {{ params.model_name }}?",
        body="{{ ti.xcom_pull(task_ids='judge') }}",
        params=releases.APPROVAL_PARAMS,
        defaults="Reject",
        response_timeout=releases.APPROVAL_TIMEOUT,
        on_success_callback=releases.report_rejected,
    )
    trained >> evaluated >> report >> checked >> approve
    releases.promote(folder, approve.output)


release_model()
