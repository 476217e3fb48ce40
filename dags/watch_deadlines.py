"""### The watch over deadlines

Always runs, an hour at a time, in the triggerer: it holds no worker's slot. Every ten seconds
(`TWOLANE_SLA_LOOK_S`) it looks at each running batch.

| Task | What it does |
|---|---|
| `foresee_misses` | posts a batch that will probably be late, and has its lane do something |
| `report_misses` | posts a batch that is late, once, with the stage that ate the time |

What is done for a batch at risk: more instances on a job lane or the asynchronous endpoint, on
demand instead of spot. `TWOLANE_SLA_ACTIONS` says which of these may be done unasked. What was
foreseen, done and missed stands in `sla_events`; `python -m include.cli.attainment` shows the share
of deadlines that were met, by week and tier. The rules are in `docs/deadlines.md`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import DEFAULT_ARGS
from twolane_airflow.sensors.deadlines import SlaMissSensor, SlaRiskSensor


@dag(
    schedule="@continuous",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,
    tags=["operations"],
    default_args=DEFAULT_ARGS,
    deadline=late_after(timedelta(minutes=75)),
)
def watch_deadlines() -> None:
    SlaRiskSensor(task_id="foresee_misses")
    SlaMissSensor(task_id="report_misses")


watch_deadlines()
