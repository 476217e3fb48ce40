"""How a failure reaches a person: one clear message in the task's log and on the batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from include.domain.errors import BatchRejected

PULL_TASK_ID = "pull"


@contextmanager
def no_retry_when_rejected() -> Iterator[None]:
    """Fail the task for good when the batch itself is at fault: a retry would say the same."""
    try:
        yield
    except BatchRejected as exc:
        raise AirflowFailException(str(exc)) from exc


def close_as_failed(context: Mapping[str, Any]) -> None:
    """Record on the batch why its run failed. A batch that was never pulled has no record."""
    from include.bootstrap import twolane

    task_instance = context["ti"]
    group, _, task_id = task_instance.task_id.rpartition(".")
    pull_task_id = f"{group}.{PULL_TASK_ID}" if group else PULL_TASK_ID
    map_index = task_instance.map_index if group else None
    batch_id = task_instance.xcom_pull(task_ids=pull_task_id, map_indexes=map_index)
    if batch_id:
        twolane().fail(batch_id, f"{task_id}: {context.get('exception')}")


DEFAULT_ARGS = {
    "retries": 2,
    "retry_delay": timedelta(seconds=5),
    "on_failure_callback": close_as_failed,
}
"""Every inference DAG's default arguments."""
