"""Questions a server answers when it is ready."""

import json
import socket
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

from stack.settings import HOST

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def http_get(url: str, timeout_s: float = 2.0) -> bytes | None:
    """Return the body of a 200 answer, `None` for anything else."""
    try:
        with _opener.open(url, timeout=timeout_s) as response:
            body: bytes = response.read()
            return body if response.status == 200 else None
    except (urllib.error.URLError, OSError, ValueError):
        return None


def answers(url: str, timeout_s: float = 2.0) -> bool:
    """Whether a URL answers with 200."""
    return http_get(url, timeout_s) is not None


def accepts(port: int) -> bool:
    """Whether something accepts connections on a loopback port."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def airflow_health(port: int) -> dict[str, Any]:
    """Return Airflow's own health report, empty while the API server is silent."""
    body = http_get(f"http://{HOST}:{port}/api/v2/monitor/health")
    return json.loads(body) if body else {}


def heartbeat_after(report: dict[str, Any], part: str, moment: datetime) -> bool:
    """Whether a part of Airflow is healthy and has given a sign of life since `moment`.

    A heartbeat from before a restart counts as healthy for half a minute, hence the moment.
    """
    entry = report.get(part) or {}
    latest = entry.get(f"latest_{part}_heartbeat")
    if entry.get("status") != "healthy" or not latest:
        return False
    heartbeat = datetime.fromisoformat(latest)
    if heartbeat.tzinfo is None:
        heartbeat = heartbeat.replace(tzinfo=UTC)
    return heartbeat >= moment


def is_silent(report: dict[str, Any], part: str) -> bool:
    """Whether a part of Airflow gave signs of life and stopped, while the database is well."""
    entry = report.get(part) or {}
    database = report.get("metadatabase") or {}
    return (
        database.get("status") == "healthy"
        and entry.get("status") == "unhealthy"
        and bool(entry.get(f"latest_{part}_heartbeat"))
    )
