"""### Classify a small batch at once

Demo, trial and small batches: every step of `document_inference` in one task, on the warm
serverless endpoint, because a small batch's latency is made of the hops between tasks.

| Task | What it does |
|---|---|
| `infer` | pull, validate, route, classify, collect, load both stores, close |
| `hand_over` | for a batch too large, or on another lane: `document_inference`, same run id |

The form is that of `document_inference`. A batch that is handed over is the same batch there:
what was done of it is not done again.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import dag, task

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import EXPRESS_ARGS
from twolane_airflow.submissions import INFERENCE_PARAMS
from twolane_airflow.tasks import express


@dag(
    schedule=None,
    doc_md=__doc__,
    params=INFERENCE_PARAMS,
    max_active_runs=32,
    tags=["inference"],
    default_args=EXPRESS_ARGS,
    deadline=late_after(timedelta(minutes=5)),
)
def express_inference() -> None:
    TriggerDagRunOperator(
        task_id="hand_over",
        trigger_dag_id="document_inference",
        trigger_run_id="{{ run_id }}",
        conf=task.short_circuit(express.infer)(),
        logical_date=None,
        skip_when_already_exists=True,
    )


express_inference()
