"""### Compare the challenger with the champion on live work

Begin or end a comparison of a model's two versions; `watch_comparisons` feeds and ends it. Or
promote the challenger of the last one, on the evidence it has left.

| Kind | What the challenger is given |
|---|---|
| `shadow` | a share of the documents of closed batches: it answers them too, and nobody sees it |
| `canary` | in addition the batches of a share of the accounts, chosen by a hash that never moves |

In a canary the champion answers a share of the challenger's documents as well, so that both
versions are always compared on the same documents. A batch keeps the version it pinned when it was
first pulled, whatever begins or ends meanwhile.

It ends as soon as it is sure that the challenger is better, worse or as good within the margin; or
when its documents, budget or days are used up, when one of the versions no longer is champion or
challenger, when batches of the challenger fail, or when you stop it here. It may be looked at after
every document: the probability of a wrong finding, ever, is the level at most. The report stands
in S3, its address in the version's tags in MLflow.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import DEFAULT_ARGS
from twolane_airflow.tasks import comparisons


@dag(
    schedule=None,
    doc_md=__doc__,
    params=comparisons.COMPARISON_PARAMS,
    max_active_runs=1,
    tags=["models"],
    default_args=DEFAULT_ARGS,
    deadline=late_after(timedelta(hours=1)),
)
def compare_challenger() -> None:
    comparisons.act() >> comparisons.report("act")


compare_challenger()
