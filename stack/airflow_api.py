"""Airflow's REST API v2, as far as a user who submits batches needs it."""

import json
import time
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any
from urllib.parse import quote

from stack.errors import StackError

#: States in which a run or a task stays.
FINAL_STATES = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})


class AirflowApi:
    """A client with one user's token.

    Args:
        address: of the API server, without a path.
        user: login name.
        password: its password.
    """

    def __init__(self, address: str, user: str, password: str) -> None:
        self._address = address
        self._credentials = {"username": user, "password": password}
        self._token = ""
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def wait_for_dag(self, dag_id: str, timeout_s: float = 60.0) -> None:
        """Return once a DAG is parsed and not paused.

        Raises:
            StackError: it is not there in time; the message carries import errors, if any.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            found = self._request("GET", f"/api/v2/dags/{dag_id}", missing_is_none=True)
            if found and not found["is_paused"] and not found["is_stale"]:
                return
            if time.monotonic() > deadline:
                raise StackError(f"Airflow shows no DAG {dag_id}. {self._import_errors()}".strip())
            time.sleep(0.3)

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a run with a form's values; return the run's id.

        Raises:
            StackError: Airflow refuses the values.
        """
        body = {"logical_date": None, "conf": conf}
        run = self._request("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)
        return str(run["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return `queued`, `running`, `success` or `failed`."""
        run = self._request("GET", f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}")
        return str(run["state"])

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """Return the state of each task of a run; `none` for one not scheduled yet."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances?limit=100"
        answer = self._request("GET", path)
        return {each["task_id"]: each["state"] or "none" for each in answer["task_instances"]}

    def task_times(self, dag_id: str, run_id: str) -> dict[str, tuple[datetime, datetime]]:
        """Return from when to when each task of a run that is over ran; skipped ones left out."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances?limit=100"
        return {
            each["task_id"]: (
                datetime.fromisoformat(each["start_date"]),
                datetime.fromisoformat(each["end_date"]),
            )
            for each in self._request("GET", path)["task_instances"]
            if each["start_date"] and each["end_date"] and each["state"] != "skipped"
        }

    def failure(self, dag_id: str, run_id: str) -> str:
        """Return the message of the first task that failed in a run, from its log."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances"
        for each in self._request("GET", f"{path}?limit=100")["task_instances"]:
            if each["state"] == "failed":
                log = self._request("GET", f"{path}/{each['task_id']}/logs/{each['try_number']}")
                return f"{each['task_id']}: {last_exception(log)}"
        return "no task of it failed"

    def _import_errors(self) -> str:
        errors = self._request("GET", "/api/v2/importErrors")["import_errors"]
        return "\n".join(f"{each['filename']}: {each['stack_trace']}" for each in errors)

    def _request(
        self, method: str, path: str, body: Any = None, *, missing_is_none: bool = False
    ) -> Any:
        if not self._token:
            self._token = self._send("POST", "/auth/token", self._credentials)["access_token"]
        try:
            return self._send(method, path, body)
        except urllib.error.HTTPError as error:
            if error.code == 404 and missing_is_none:
                return None
            if error.code == 401:
                self._token = ""
            detail = error.read().decode(errors="replace")[:2000]
            raise StackError(
                f"Airflow answers {error.code} to {method} {path}: {detail}"
            ) from error

    def _send(self, method: str, path: str, body: Any) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            self._address + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with self._opener.open(request, timeout=30) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError:
            raise
        except OSError as error:
            raise StackError(
                f"Airflow does not answer at {self._address} ({error}); see: make status"
            ) from error


def last_exception(log: dict[str, Any]) -> str:
    """Return the message of the last exception a task's log tells of.

    Args:
        log: answer of the logs path; `content` is a list of structured events.
    """
    message = "see its log in Airflow"
    for event in log.get("content", []):
        if isinstance(event, dict):
            for detail in event.get("error_detail") or []:
                message = str(detail.get("exc_value") or detail.get("exc_type"))
    return message
