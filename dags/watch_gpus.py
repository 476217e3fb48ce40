"""### The watch over GPUs

Always runs. GPUs that have done nothing for five minutes (`TWOLANE_GPU_IDLE_S`) are let go, and
what nobody owns is posted. The rules are in `docs/gpus.md`.

| Task | What it does |
|---|---|
| `clear_orphans` | once a run: jobs and endpoints of ours that no batch, release or version owns |
| `wait_for_idle_gpus` | looks every five minutes until something may be let go; an hour at most |
| `free_gpus` | endpoints to zero, idle jobs of ended runs stopped; waste and saving are booked |

A missing metric, instances that start, and work in flight are no idleness. Jobs whose run goes on
and orphans are left unless `TWOLANE_GPU_STOPS_JOBS` and `TWOLANE_ORPHANS_STOP` say otherwise. What
was seen stands in `gpu_samples`, what was saved in `savings`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import DEFAULT_ARGS
from twolane_airflow.sensors.idle_gpu import IdleGpuSensor
from twolane_airflow.tasks import gpus


@dag(
    schedule="@continuous",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,
    tags=["money"],
    default_args=DEFAULT_ARGS,
    deadline=late_after(timedelta(minutes=75)),
)
def watch_gpus() -> None:
    gpus.clear_orphans()
    gpus.free_gpus(IdleGpuSensor(task_id="wait_for_idle_gpus").output)


watch_gpus()
