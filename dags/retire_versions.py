"""### Retire versions

Every day, delete the endpoints, their configurations, scaling and alarms, and the SageMaker models
of versions that no alias names, that no batch or comparison under way has pinned, and that were
unused for a week (`TWOLANE_RETIREMENT_GRACE_S`): not deployed, promoted, left nor asked by a
batch.

The versions stay in MLflow and their artifacts in S3: one that is asked for again is deployed
again. The task's log says of each version why it was kept or deleted.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import DEFAULT_ARGS
from twolane_airflow.tasks import promotions


@dag(
    schedule="15 4 * * *",
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,
    tags=["models"],
    default_args=DEFAULT_ARGS,
    deadline=late_after(timedelta(hours=1)),
)
def retire_versions() -> None:
    promotions.retire()


retire_versions()
