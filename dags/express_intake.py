"""### Small batches from the express queue

An upload under `express/<account>/` in the inbox, or a message in the product's own format,
becomes one run of `express_inference`.

| Task | What it does |
|---|---|
| `read_events` | reads which batches were admitted: account known, bucket allowed, cap kept |
| `start` | one run for each, its id made from the message: one that comes twice finds its run |

The message stays in the queue, invisible, until the batch stands in both stores; one that cannot
be run goes to the dead-letter queue with its reason.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from include.domain.queues.lane_class import LaneClass
from twolane_airflow import intake
from twolane_airflow.deadlines import late_after


@dag(
    schedule=[intake.queue_asset(LaneClass.EXPRESS)],
    doc_md=__doc__,
    tags=["inference"],
    default_args=intake.INTAKE_ARGS | {"priority_weight": 100},
    deadline=late_after(timedelta(minutes=5)),
)
def express_intake() -> None:
    intake.start_runs("express_inference")


express_intake()
