"""The embedded AWS alone, on free loopback ports, for a benchmark that needs nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from local_aws.ports import free_port

ROOT = Path(__file__).parents[1]
IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/twolane-serving:1"
_READY_TIMEOUT_S = 60.0
_END_TIMEOUT_S = 30.0


@contextlib.contextmanager
def embedded_aws(folder: Path, *options: str) -> Iterator[None]:
    """Run it in `folder`, this process's AWS clients pointed at it, until the block is left.

    Raises:
        RuntimeError: it does not become ready.
    """
    port_aws, port_sagemaker = free_port(), free_port()
    images = folder / "images.json"
    python = ROOT / ".twolane" / "venvs" / "serving" / "bin" / "python"
    program = ROOT / "include" / "models"
    images.write_text(json.dumps({IMAGE: {"python": str(python), "program": str(program)}}))
    command = [sys.executable, "-m", "local_aws", "--state", str(folder / "state")]
    command += ["--port-aws", str(port_aws), "--port-sagemaker", str(port_sagemaker)]
    command += ["--images", str(images), *options]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    with (folder / "local_aws.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=inherited, stdout=log, stderr=log)
    try:
        for path in (f"{port_aws}/_ministack/health", f"{port_sagemaker}/_local/health"):
            _wait_for(f"http://127.0.0.1:{path}", process, folder / "local_aws.log")
        os.environ.update(_client_environment(port_aws, port_sagemaker))
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _client_environment(port_aws: int, port_sagemaker: int) -> dict[str, str]:
    sagemaker = f"http://127.0.0.1:{port_sagemaker}"
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port_aws}",
        "AWS_ENDPOINT_URL_SAGEMAKER": sagemaker,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": sagemaker,
        "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": sagemaker,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own loopback
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"{url} did not become ready:\n{log.read_text()[-2000:]}")
