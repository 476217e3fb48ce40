"""### Prove the stores

Every day, compare DynamoDB and Aurora with the output of the batches that closed: every document
once in both, with the same answer, and nothing besides.

| Task | What it does |
|---|---|
| `find_closed` | the batches that succeeded within a day |
| `prove_and_repair` | reads every row; a shard that is missing or differs is loaded again from S3 |

It fails, naming the batches, where a store is not consistent after the repair. By hand, for any
batch: `python -m include.cli.reconcile --batch ID --repair`.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import DEFAULT_ARGS
from twolane_airflow.tasks import reconciliation


@dag(
    schedule="30 5 * * *",
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,
    tags=["inference"],
    default_args=DEFAULT_ARGS,
    deadline=late_after(timedelta(hours=2)),
)
def reconcile_stores() -> None:
    reconciliation.prove_and_repair(reconciliation.find_closed())


reconcile_stores()
