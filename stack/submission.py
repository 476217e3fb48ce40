"""Submits files as a user would: an upload to the inbox, then a run by Airflow's REST API."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stack.airflow_api import FINAL_STATES, AirflowApi
from stack.environment import ADMIN
from stack.figures import aws_client

DAG_ID = "document_inference"
EXPRESS_DAG_ID = "express_inference"

#: Files up to this go the express path, which hands over what turns out not to be for it.
EXPRESS_MAX_BYTES = 2**20

#: The express path's task that succeeds when another DAG goes on.
HAND_OVER = "hand_over"

#: Seconds between two looks at a run.
_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Request:
    """One file and the form's values.

    Attributes:
        tier: the account's own when `None`.
        deadline_minutes: the tier's own when `None`.
        model_name: the default model when `None`.
        dag_id: by the file's size when `None`.
    """

    file: Path
    account: str
    tier: str | None = None
    deadline_minutes: float | None = None
    model_alias: str = "champion"
    model_name: str | None = None
    dag_id: str | None = None

    @property
    def path(self) -> str:
        """The DAG that takes it: small files go the express path."""
        is_small = self.file.stat().st_size <= EXPRESS_MAX_BYTES
        return self.dag_id or (EXPRESS_DAG_ID if is_small else DAG_ID)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands.

    Attributes:
        state: of the run.
        done: tasks that will change no more.
        total: tasks of the run.
        running: names of the tasks at work.
    """

    state: str
    done: int
    total: int
    running: tuple[str, ...]

    @property
    def is_final(self) -> bool:
        """Whether the run is over."""
        return self.state in FINAL_STATES


class Submitter:
    """Uploads, triggers, watches.

    Args:
        environment: the running stack's variables.
        password: of Airflow's admin.
    """

    def __init__(self, environment: dict[str, str], password: str) -> None:
        self._address = environment["AIRFLOW__API__BASE_URL"]
        self.api = AirflowApi(self._address, ADMIN, password)
        self._inbox = environment.get("TWOLANE_INBOX_BUCKET", "twolane-inbox")
        self._s3 = aws_client("s3", environment)
        self._dags: dict[str, str] = {}

    def wait_for_dags(self) -> None:
        """Return once Airflow takes batches. Raises `StackError` when it does not in time."""
        for dag_id in (EXPRESS_DAG_ID, DAG_ID):
            self.api.wait_for_dag(dag_id)

    def submit(self, request: Request) -> str:
        """Upload the file and start a run; return the run's id."""
        return self.start(self.upload(request), request)

    def upload(self, request: Request) -> str:
        """Put the file into the inbox; return its URI."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        key = f"submissions/{request.account}/{stamp}/{request.file.name}"
        self._s3.upload_file(str(request.file), self._inbox, key)
        return f"s3://{self._inbox}/{key}"

    def start(self, batch_uri: str, request: Request) -> str:
        """Start a run on an uploaded file; return the run's id."""
        conf: dict[str, Any] = {
            "batch_uri": batch_uri,
            "account": request.account,
            "tier": request.tier,
            "deadline_minutes": request.deadline_minutes,
            "model_name": request.model_name,
            "model_alias": request.model_alias,
        }
        run_id = self.api.trigger(request.path, conf)
        self._dags[run_id] = request.path
        return run_id

    def dag_of(self, run_id: str) -> str:
        """Return the DAG that has the run now: the express path may have handed it over."""
        return self._dags.get(run_id, DAG_ID)

    def address_of(self, run_id: str) -> str:
        """Return the run's page in Airflow."""
        return f"{self._address}/dags/{self.dag_of(run_id)}/runs/{run_id}"

    def failure(self, run_id: str) -> str:
        """Return why the run failed."""
        return self.api.failure(self.dag_of(run_id), run_id)

    def progress(self, run_id: str) -> Progress:
        """Return where a run stands; one that was handed over keeps its id."""
        dag_id = self.dag_of(run_id)
        state = self.api.run_state(dag_id, run_id)
        tasks = self.api.task_states(dag_id, run_id)
        if state == "success" and tasks.get(HAND_OVER) == "success":
            self._dags[run_id] = DAG_ID
            return self.progress(run_id)
        at_work = ("running", "deferred", "up_for_retry", "up_for_reschedule")
        return Progress(
            state=state,
            done=sum(task in FINAL_STATES for task in tasks.values()),
            total=len(tasks),
            running=tuple(name for name, task in tasks.items() if task in at_work),
        )

    def wait(self, run_ids: list[str], listener: Callable[[str, Progress], None]) -> dict[str, str]:
        """Return each run's final state once all are over, telling the listener on the way."""
        final: dict[str, str] = {}
        while len(final) < len(run_ids):
            for run_id in run_ids:
                if run_id not in final:
                    progress = self.progress(run_id)
                    listener(run_id, progress)
                    if progress.is_final:
                        final[run_id] = progress.state
            if len(final) < len(run_ids):
                time.sleep(_POLL_S)
        return final
