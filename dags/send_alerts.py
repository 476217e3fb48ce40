"""### Alerts

Every minute, tell people what they should hear of, once.

| Task | What it does |
|---|---|
| `watch` | posts dead letters, breakers, budgets, returned champions, drift; queues deep or late |
| `send` | sends what was posted, by this watch and by the others, on each connected channel |

An alert is sent once a channel, with the link to its batch's run and a next step; where a channel
does not take it, again after 1, 2, 4 … minutes, eight times in all. `include/alerts.toml` says
which kind goes where, docs/alerts.md how Slack, SNS and email are connected. All of them stand in
the tables `alerts` and `alert_deliveries`, also where no channel is connected. Trigger it with
`trial` to see whether the channels are connected well.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import URGENT_ARGS
from twolane_airflow.tasks import alerts


@dag(
    schedule="* * * * *",
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,
    params=alerts.PARAMS,
    tags=["operations"],
    default_args=URGENT_ARGS,
    deadline=late_after(timedelta(minutes=5)),
)
def send_alerts() -> None:
    alerts.watch() >> alerts.send()


send_alerts()
