"""### The watch for drift

Every night, compare what each account sends, and what each model answers it, with the account's
own first days; until there are enough of those, with what the model was trained on.

| Task | What it does |
|---|---|
| `load_feedback` | takes the labels that wait in the inbox |
| `describe_batches` | counts and sums over a sample of each batch closed since the last watch |
| `judge` | all tests of the night, judged together |
| `open_releases` | for a model far behind: its data, and what the drifting accounts labelled |
| `start_release` | a run of `release_model` on them |

Looked at are length, words, their meaning, labels, scores and, where labels came back, accuracy.
What cannot be read, of a batch or of a model's training data, is left out and sent as an alert.
Of what is called drift, at most one finding in a hundred is chance, however many accounts there
are. A model is released no more often than once a week for it. The night's page is
`drift/<night>/index.html` in the work bucket; the tables are `drift_findings`, `drift_releases`.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from twolane_airflow.deadlines import late_after
from twolane_airflow.failures import DEFAULT_ARGS
from twolane_airflow.operators.start_run import StartRun
from twolane_airflow.tasks import drift


@dag(
    schedule="0 4 * * *",
    catchup=False,
    doc_md=__doc__,
    max_active_runs=1,
    tags=["models"],
    default_args=DEFAULT_ARGS,
    deadline=late_after(timedelta(hours=2)),
)
def watch_drift() -> None:
    night = drift.describe_batches(drift.load_feedback())
    StartRun.partial(
        task_id="start_release",
        trigger_dag_id=drift.RELEASE_DAG_ID,
        logical_date=None,
        skip_when_already_exists=True,
    ).expand_kwargs(drift.open_releases(night, drift.judge(night)))


watch_drift()
