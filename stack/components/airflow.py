"""Airflow's four components, on PostgreSQL, with a LocalExecutor."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil

from stack.component import Component
from stack.environment import ADMIN
from stack.health import airflow_health, answers, heartbeat_after, is_silent
from stack.passwords import Passwords, write_private
from stack.paths import Paths
from stack.processes import Processes
from stack.settings import HOST, Ports

API_SERVER = "airflow-api"

#: Component -> its name in Airflow's health report.
HEARTBEATS = {
    "airflow-scheduler": "scheduler",
    "airflow-dag-processor": "dag_processor",
    "airflow-triggerer": "triggerer",
}

#: Their own log servers would listen on every interface; the API server reads the files itself.
_COMMANDS = {
    "airflow-scheduler": ("scheduler", "--skip-serve-logs"),
    "airflow-dag-processor": ("dag-processor",),
    "airflow-triggerer": ("triggerer", "--skip-serve-logs"),
}

_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


def components(paths: Paths, ports: Ports, processes: Processes) -> list[Component]:
    """Describe the API server and the three that report to the metadata database."""
    airflow = str(paths.venv("airflow") / "bin" / "airflow")
    # Answering /execution/health also warms what the first task would otherwise wait 3-6 s for.
    api_server = Component(
        name=API_SERVER,
        command=(airflow, "api-server"),
        is_ready=lambda: answers(f"http://{HOST}:{ports.airflow}/execution/health", 15.0),
        port=ports.airflow,
        # It holds no state, and open pages would keep it waiting.
        grace_s=3.0,
    )
    others = [
        Component(
            name=name,
            command=(airflow, *command),
            is_ready=_has_heartbeat(ports, processes, name),
            is_silent=_has_fallen_silent(ports, HEARTBEATS[name]),
            # Running tasks get the signal too and stop their remote jobs.
            grace_s=15.0,
        )
        for name, command in _COMMANDS.items()
    ]
    return [api_server, *others]


def _has_heartbeat(ports: Ports, processes: Processes, name: str) -> Callable[[], bool]:
    def check() -> bool:
        process = processes.running(name)
        if process is None:
            return False
        try:
            started = datetime.fromtimestamp(process.create_time(), UTC)
        except psutil.Error:
            return False
        return heartbeat_after(airflow_health(ports.airflow), HEARTBEATS[name], started)

    return check


def _has_fallen_silent(ports: Ports, part: str) -> Callable[[], bool]:
    return lambda: is_silent(airflow_health(ports.airflow), part)


def write_home(paths: Paths, passwords: Passwords) -> None:
    """Lay out AIRFLOW_HOME: the admin's login, and the settings module that warms workers."""
    config = paths.airflow_home / "config"
    config.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_TEMPLATES / "airflow_local_settings.py", config / "airflow_local_settings.py")
    login = json.dumps({ADMIN: passwords.airflow_admin}) + "\n"
    write_private(paths.airflow_home / "logins.json", login)
