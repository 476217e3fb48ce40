"""### The ledger beside the lanes

Every hour, book what is charged beside the instance time of lanes, at the price book's list prices
(`include/prices`). Lanes book their own when a batch closes, a comparison its calls, a calibration
its probes.

| Task | What it does |
|---|---|
| `book_batches` | requests to S3 and SQS, rows written, bytes through the serverless endpoint |
| `book_proofs` | what proofs of batches read of DynamoDB |
| `book_storage` | once a day: what keeping rows and batches' objects costs, by account and model |
| `book_idle_endpoints` | instances of endpoints while no batch was charged for them: waste |
| `book_provisioned` | environments that serverless endpoints keep warm; waste while nobody called |
| `book_release_jobs` | training and evaluation jobs that ended; waste where they failed |
| `publish_gauges` | where today stands, as the Costs page has it, to the dashboard in CloudWatch |
| `watch_curves` | an alert for each lane that no longer takes what its batches taught |
| `watch_weeks` | an alert where the last whole week fell short of what a tier is promised |

`python -m include.cli.ledger` shows the sums; the tables are `charges` and `usage_charges`, the
views `ledger`, `daily_costs` and `batch_costs`.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import DEFAULT_ARGS
from twolane_airflow.tasks import curves, ledger, weeks


@dag(
    schedule="@hourly",
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,
    tags=["money"],
    default_args=DEFAULT_ARGS,
    deadline=late_after(timedelta(minutes=30)),
)
def keep_ledger() -> None:
    booked = [
        ledger.book_batches(),
        ledger.book_proofs(),
        ledger.book_storage(),
        ledger.book_idle_endpoints(),
        ledger.book_provisioned(),
        ledger.book_release_jobs(),
    ]
    booked >> ledger.publish_gauges()
    curves.watch_curves()
    weeks.watch_weeks()


keep_ledger()
