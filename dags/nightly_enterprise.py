"""### Nightly enterprise batches

Every night, find the files that wait under `nightly/<account>/` in the inbox, join an account's
small ones to one batch, run each batch as `document_inference` does, and archive what is done.
Files for another model than the default one stand under `nightly/<account>/model=<name>/`.

A batch is named by its files' names and contents: a night that is run again adopts the work it
has already done. Files of a batch that failed stay in the inbox for the next night; the other
batches go on.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task, task_group

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import DEFAULT_ARGS
from twolane_airflow.operators.lane import LaneOperator
from twolane_airflow.tasks import nightly, steps


@task_group
def run_batch(request: dict[str, object]) -> None:
    batch_id = steps.pull(request)
    placed = task(steps.route)(steps.validate(batch_id))
    ran = LaneOperator(task_id="run_lane", batch_id=batch_id)
    collected = steps.collect(batch_id)
    placed >> ran >> collected
    loaded = [steps.load_dynamodb(collected), steps.load_aurora(collected)]
    steps.close(batch_id, loaded) >> nightly.archive(request)


@dag(
    schedule="0 2 * * *",
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,
    tags=["inference"],
    default_args=DEFAULT_ARGS,
    deadline=late_after(timedelta(hours=6)),
)
def nightly_enterprise() -> None:
    run_batch.expand(request=nightly.find_waiting())


nightly_enterprise()
