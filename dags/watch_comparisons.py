"""### Feed and end comparisons

Every ten minutes, for each comparison that `compare_challenger` has begun:

| Task | What it does |
|---|---|
| `feed` | the other version answers a share of the documents of the batches closed since |
| `report` | what has ended is reported: to S3, as tags of the version in MLflow, as an alert |

A comparison is fed until its finding is sure or its means are used up. Results of batches are read
and never written. Nothing is done where no comparison runs. Where some could not be fed, what has
ended is reported all the same, and the run fails.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import DEFAULT_ARGS
from twolane_airflow.tasks import comparisons


@dag(
    schedule="*/10 * * * *",
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,
    tags=["models"],
    default_args=DEFAULT_ARGS,
    deadline=late_after(timedelta(hours=1)),
)
def watch_comparisons() -> None:
    comparisons.feed() >> comparisons.report("feed")


watch_comparisons()
