"""Where the tasks of some runs stand, read from Airflow's metadata database at a fast poll."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

import psycopg

_TASKS = """
SELECT ti.run_id, ti.dag_id, ti.task_id, coalesce(ti.state, ''), ti.try_number, ti.pid
FROM task_instance AS ti WHERE ti.run_id = ANY(%s)
"""
_RUNS = "SELECT run_id, dag_id, state FROM dag_run WHERE run_id = ANY(%s)"

_RUN_BY_KEY = """
SELECT run_id FROM dag_run
WHERE dag_id = 'document_inference' AND conf::jsonb ->> 'submission' = ANY(%s)
"""

AT_WORK = frozenset({"running", "deferred"})


@dataclass(frozen=True, slots=True)
class Task:
    """One task instance as it stands now."""

    run_id: str
    dag_id: str
    task_id: str
    state: str
    try_number: int
    pid: int | None

    @property
    def is_at_work(self) -> bool:
        """Whether the step has been entered and not left."""
        return self.state in AT_WORK


class AirflowState:
    """Reads the metadata database; it may be down for a while, as it is one of the victims.

    Args:
        url: libpq URL of Airflow's database.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    def tasks(self, run_ids: Collection[str]) -> list[Task] | None:
        """Return the tasks of runs; None while the database does not answer."""
        rows = self._read(_TASKS, run_ids)
        return None if rows is None else [Task(*row) for row in rows]  # type: ignore[arg-type]

    def runs(self, run_ids: Collection[str]) -> dict[tuple[str, str], str] | None:
        """Return the states of runs by run id and DAG; None while the database is down."""
        rows = self._read(_RUNS, run_ids)
        return None if rows is None else {(str(r[0]), str(r[1])): str(r[2]) for r in rows}

    def runs_of(self, key: str) -> list[str]:
        """Return the runs that carry an idempotency key; none while the database is down."""
        return [str(row[0]) for row in self._read(_RUN_BY_KEY, [key]) or []]

    def _read(self, text: str, run_ids: Collection[str]) -> list[tuple[object, ...]] | None:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=2)
            return self._connection.execute(text.encode(), [list(run_ids)]).fetchall()
        except psycopg.Error:
            if self._connection is not None:
                with suppress(psycopg.Error):
                    self._connection.close()
            self._connection = None
            return None
