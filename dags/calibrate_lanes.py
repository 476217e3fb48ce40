"""### Calibrate the lanes

Run probes of known sizes on each lane and learn from what they take, so that the router starts from
measurements and not from the lanes file's guesses.

| Task | What it does |
|---|---|
| `plan` | a request a lane; the budget is shared out evenly |
| `probe` | a lane: sizes rise, each is charged and learned from; a failure makes the next less |
| `report` | a table of all probes, and the largest batch that went well, a lane and length |
| `watch_curves` | says which curves have moved since they were learned |

Probes are pieces of the sample texts. They are real work on the lane, at its real cost, booked as
`calibration`; no account is charged for them and nothing is loaded. A probe that is expected to go
over the budget in dollars or minutes is not begun; one that runs when the time is over is stopped,
but for calls of the serverless lane, which are short.
One lane is probed at a time, so that they do not disturb each other; only a probe that takes
minutes, and is waited for in the triggerer, lets another lane begin.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import DEFAULT_ARGS
from twolane_airflow.operators.calibrate import CalibrateLane
from twolane_airflow.tasks import calibration, curves


@dag(
    schedule=None,
    doc_md=__doc__,
    params=calibration.CALIBRATION_PARAMS,
    max_active_runs=1,
    tags=["money"],
    default_args=DEFAULT_ARGS,
    deadline=late_after(timedelta(hours=12)),
)
def calibrate_lanes() -> None:
    requests = calibration.plan()
    probed = CalibrateLane.partial(task_id="probe", max_active_tis_per_dagrun=1).expand_kwargs(
        requests
    )
    probed >> calibration.report(requests) >> curves.watch_curves()


calibrate_lanes()
