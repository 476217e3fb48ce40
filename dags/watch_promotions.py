"""### Watch the champions

Every minute, for every model:

- A champion that someone moved by hand in MLflow is followed if it was champion before, or if the
  evidence recorded on the version says that it passed its gates beside the present champion, and
  its endpoints answer. Any other is put back; the version's tag `twolane.promotion.refused` says
  why.
- A champion that was promoted within the last half hour (`TWOLANE_PROMOTION_WATCH_S`) and whose
  endpoint rings an alarm, for errors or latency, is rolled back.

All of it stands in the table `model_promotions`; what was put or rolled back is sent as an alert,
and so is what could not be.
Trigger it by hand to have a move looked at now.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import URGENT_ARGS
from twolane_airflow.tasks import promotions


@dag(
    schedule="* * * * *",
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,
    tags=["models"],
    default_args=URGENT_ARGS,
    deadline=late_after(timedelta(minutes=5)),
)
def watch_promotions() -> None:
    promotions.watch_champions()


watch_promotions()
