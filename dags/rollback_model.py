"""### Roll a model back

Makes the champion before the present one the champion again. Trigger it; there is nothing to fill
in for the default model.

| Task | What it does |
|---|---|
| `plan_rollback` | reads from the history which version was champion before |
| `roll_back` | has that version's endpoint answer a real call, then moves `champion` |

Endpoints of the earlier version still stand, so every lane follows at once: a batch that is pulled
from then on gets it. Batches under way keep the version that they pinned. A second rollback goes
one version further back. Who, when and why stand in the table `model_promotions` and on the
versions in MLflow.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import URGENT_ARGS
from twolane_airflow.tasks import promotions


@dag(
    schedule=None,
    doc_md=__doc__,
    params=promotions.ROLLBACK_PARAMS,
    max_active_runs=1,
    tags=["models"],
    default_args=URGENT_ARGS,
    deadline=late_after(timedelta(minutes=15)),
)
def rollback_model() -> None:
    promotions.roll_back(promotions.plan_rollback())


rollback_model()
