"""Which runs Airflow knows, asked from within the triggerer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from include.domain.errors import SchedulerUnavailable


@dataclass(frozen=True, slots=True)
class AirflowRuns:
    """The runs of one DAG. Its calls block: not for the triggerer's own loop."""

    dag_id: str

    def started(self, run_ids: Collection[str]) -> set[str]:
        """Return the ids that a run has, whatever its state.

        Raises:
            SchedulerUnavailable: Airflow's API does not answer.
        """
        if self._count(list(run_ids)) == len(run_ids):
            return set(run_ids)
        return {run_id for run_id in run_ids if self._count([run_id])}

    def _count(self, run_ids: list[str]) -> int:
        from airflow.sdk.exceptions import AirflowRuntimeError
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        try:
            return RuntimeTaskInstance.get_dr_count(dag_id=self.dag_id, run_ids=run_ids)
        except AirflowRuntimeError as exc:
            raise SchedulerUnavailable(f"runs of {self.dag_id}: {exc}") from exc
