"""How a failure reaches a person: one clear message in the task's log and on the batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from include.domain.queues.requests import RUN_PREFIX

PULL_TASK_ID = "pull"
SCHEDULED = "scheduled"
"""Type of the runs that nobody has asked for."""

BATCH_ID_KEY = "batch_id"
"""XCom under which a task that pulls by itself leaves its batch's id when it fails."""


@contextmanager
def no_retry_on(*refusals: type[Exception]) -> Iterator[None]:
    """Fail the task for good on these: a retry would say the same."""
    try:
        yield
    except refusals as exc:
        raise AirflowFailException(str(exc)) from exc


def failed_before(task_id: str, ti: Any) -> str:
    """Return what the last task of a run says of one before it that has failed; empty if not.

    A task that runs in any case would else have the run succeed.
    """
    states = ti.get_task_states(dag_id=ti.dag_id, task_ids=[task_id], run_ids=[ti.run_id])
    has_failed = states.get(ti.run_id, {}).get(task_id) == "failed"
    return f"task {task_id} has failed: its log says why" if has_failed else ""


def is_last_try(ti: Any) -> bool:
    """Whether no other try follows if this one fails; until then a failure is nobody's business."""
    return bool(ti.try_number > ti.max_tries)


def close_as_failed(context: Mapping[str, Any]) -> None:
    """Record why a run failed: on its batch, if it was pulled, and on the message it came by.

    Of a run that the schedule began, an alert is posted.
    """
    from include.wiring.alerting import alerting
    from include.wiring.batches.bootstrap import twolane

    ti, exception = context["ti"], context.get("exception")
    _, _, task_id = ti.task_id.rpartition(".")
    reason = f"{task_id}: {exception}"
    if batch_id := _batch_id(ti):
        twolane().fail(batch_id, reason)
    if ti.run_id.startswith(RUN_PREFIX):
        is_final = isinstance(exception, AirflowFailException)
        twolane().record_run_failure(ti.run_id, reason, is_final=is_final)
    if context["dag_run"].run_type == SCHEDULED:
        alerting().report_failed_run(ti.dag_id, ti.run_id, reason)


def _batch_id(task_instance: Any) -> str | None:
    """Return the batch of a task: what it pulled itself, or what its run's or group's pull did."""
    group, _, _ = task_instance.task_id.rpartition(".")
    map_index = task_instance.map_index if group else None
    own: str | None = task_instance.xcom_pull(
        task_ids=task_instance.task_id, key=BATCH_ID_KEY, map_indexes=map_index
    )
    if own:
        return own
    pull_task_id = f"{group}.{PULL_TASK_ID}" if group else PULL_TASK_ID
    found: str | None = task_instance.xcom_pull(task_ids=pull_task_id, map_indexes=map_index)
    return found


DEFAULT_ARGS = {
    "retries": 5,
    "retry_delay": timedelta(seconds=3),
    "retry_exponential_backoff": 2,
    "max_retry_delay": timedelta(seconds=30),
    "on_failure_callback": close_as_failed,
    "pool": "bulk",
}
"""Every inference DAG's default arguments. The delays add up to more than a minute: a database or
an AWS service that restarts is outlived, a batch at fault is not retried at all."""

EXPRESS_ARGS = DEFAULT_ARGS | {
    "retry_delay": timedelta(seconds=1),
    "pool": "express",
    "priority_weight": 100,
}
"""Those of the express path: the same, sooner, and in slots of its own."""

URGENT_ARGS = EXPRESS_ARGS | {"priority_weight": 1000}
"""Those of what must not wait behind any batch, and takes seconds: going back to a good model."""
