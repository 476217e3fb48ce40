"""### Classify a batch of documents

Pull the batch, set poison documents aside, give it the lane it deserves, load both stores.

| Task | What it does |
|---|---|
| `pull` | checks account, bucket and model alias; freezes the manifest; cuts shards |
| `validate` | Great Expectations over each shard; poison documents go to quarantine with a reason |
| `route` | the cheapest lane that admits the batch and meets its deadline |
| `serverless` · `processing` | a lane on CPU: an endpoint's calls, a job |
| `transform` · `async_endpoint` · `spot` | a lane on GPU: a job, a scaled endpoint, a spot job |
| `collect` | counts and checks the output of every shard |
| `load_dynamodb` · `load_aurora` | the write store and the read store, effectively once |
| `close` | reconciles the stores, books the charge, writes the data-docs page |

Trigger it with the form or by REST: `batch_uri` and `account` are needed, the rest has defaults.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag, task

from include.domain.lanes import Lane
from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import DEFAULT_ARGS
from twolane_airflow.operators.lane import LaneOperator
from twolane_airflow.submissions import INFERENCE_PARAMS
from twolane_airflow.tasks import steps

BATCH_ID = "{{ ti.xcom_pull(task_ids='pull') }}"


@dag(
    schedule=None,
    doc_md=__doc__,
    params=INFERENCE_PARAMS,
    max_active_runs=32,
    tags=["inference"],
    default_args=DEFAULT_ARGS,
    deadline=late_after(timedelta(hours=5)),
)
def document_inference() -> None:
    placed = task.branch(steps.route)(steps.validate(steps.pull()))
    lanes = [LaneOperator(task_id=lane.value, lane=lane.value, batch_id=BATCH_ID) for lane in Lane]
    collected = steps.collect.override(trigger_rule="none_failed_min_one_success")(BATCH_ID)
    placed >> lanes >> collected
    steps.close(BATCH_ID, [steps.load_dynamodb(collected), steps.load_aurora(collected)])


document_inference()
