"""Puts together what a round works with, from a running stack."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from benchmarks.chaos.airflow_state import AirflowState
from benchmarks.chaos.cases import LANES, SERVERS
from benchmarks.chaos.rounds import Stage
from benchmarks.chaos.submissions import Submissions
from benchmarks.chaos.verification import Verifier
from benchmarks.chaos.victims import Executioner
from include.files.lanes_file import load_lanes
from stack.airflow_api import AirflowApi
from stack.environment import ADMIN
from stack.passwords import load_or_generate
from stack.paths import Paths
from stack.processes import Processes


def open_stage(paths: Paths, environment: dict[str, str]) -> Stage:
    """Return the stage of a running stack, once its DAGs take batches.

    Args:
        paths: of the stack.
        environment: its variables.
    """
    passwords, _ = load_or_generate(paths.passwords_file)
    api = AirflowApi(environment["AIRFLOW__API__BASE_URL"], ADMIN, passwords.airflow_admin)
    for dag_id in {lane.dag_id for lane in LANES}:
        api.wait_for_dag(dag_id)
    processes = Processes(paths.run, str(paths.state))
    metadata = environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg", "")
    profiles = load_lanes(Path(environment["TWOLANE_LANES_FILE"]))
    return Stage(
        state=AirflowState(metadata),
        submissions=Submissions(environment, api, profiles),
        verifier=Verifier(environment),
        executioner=Executioner(processes),
        is_up=lambda: all(processes.running(name) for name in SERVERS.values()),
        say=lambda line: print(f"{datetime.now(UTC):%H:%M:%S} {line}", flush=True),
    )
