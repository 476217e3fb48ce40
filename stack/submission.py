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

#: Seconds between two looks at a run.
_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Request:
    """One file and the form's values.

    Attributes:
        tier: the account's own when `None`.
        deadline_minutes: the tier's own when `None`.
    """

    file: Path
    account: str
    tier: str | None = None
    deadline_minutes: float | None = None
    model_alias: str = "champion"


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
        address = environment["AIRFLOW__API__BASE_URL"]
        self.api = AirflowApi(address, ADMIN, password)
        self._inbox = environment.get("TWOLANE_INBOX_BUCKET", "twolane-inbox")
        self._s3 = aws_client("s3", environment)

    def submit(self, request: Request) -> str:
        """Upload the file and start a run; return the run's id."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        key = f"submissions/{request.account}/{stamp}/{request.file.name}"
        self._s3.upload_file(str(request.file), self._inbox, key)
        conf: dict[str, Any] = {
            "batch_uri": f"s3://{self._inbox}/{key}",
            "account": request.account,
            "tier": request.tier,
            "deadline_minutes": request.deadline_minutes,
            "model_alias": request.model_alias,
        }
        return self.api.trigger(DAG_ID, conf)

    def progress(self, run_id: str) -> Progress:
        """Return where a run stands."""
        state = self.api.run_state(DAG_ID, run_id)
        tasks = self.api.task_states(DAG_ID, run_id)
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
