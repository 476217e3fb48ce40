"""A real MLflow tracking server on loopback, with its state in a folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local_aws.ports import free_port
from tests.support.local_aws import wait_for

PARENT_ONLY = ("MLFLOW_", "AWS_")


@contextmanager
def running_mlflow(folder: Path, artifacts: str | None = None) -> Iterator[str]:
    """Start a server, yield its URI, stop it with every process it made.

    Args:
        folder: its state, and its artifacts where `artifacts` is None.
        artifacts: an S3 URI that clients write to themselves, as on AWS.
    """
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"]
    if artifacts is None:
        command += ["--artifacts-destination", str(folder / "artifacts")]
    else:
        command += ["--no-serve-artifacts", "--default-artifact-root", artifacts]
    env = {k: v for k, v in os.environ.items() if not k.startswith(PARENT_ONLY)}
    env["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # seven processes that nobody needs here
    env["MLFLOW_DISABLE_TELEMETRY"] = "true"
    log = folder / "mlflow.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=stream, stderr=stream, start_new_session=True
        )
    uri = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{uri}/health", process, log)
        yield uri
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its state goes with the test
        process.wait(30)


def mlflow_call(uri: str, path: str, **body: Any) -> Any:
    """Call MLflow's REST API: POST with a body, else GET; return its answer."""
    request = urllib.request.Request(
        f"{uri}/api/2.0/mlflow/{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())
