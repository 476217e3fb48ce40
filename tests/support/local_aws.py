"""Start the embedded AWS for tests: one stack on free loopback ports, kept for the session."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local_aws.ports import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
ROLE_ARN = "arn:aws:iam::000000000000:role/twolane-test"
REGISTRY = "000000000000.dkr.ecr.us-east-1.amazonaws.com"
FIXTURE_IMAGE = f"{REGISTRY}/fixture:1"
#: Stands for the image of instances with GPUs: the same program, which answers `gpu`.
FIXTURE_GPU_IMAGE = f"{REGISTRY}/fixture-gpu:1"
#: Stands for the torch image where models are evaluated: the training image's program.
EVALUATING_GPU_IMAGE = f"{REGISTRY}/evaluating-gpu:1"
#: In the images file, and not installed.
ABSENT_IMAGE = f"{REGISTRY}/absent:1"
_FIXTURE_PROGRAM = REPOSITORY / "tests/contract/local_aws/fixture_program"
_VENVS = REPOSITORY / ".twolane/venvs"
#: What neither answers nor ends for so long hangs. A server's imports alone take seconds of a
#: processor, which a busy machine may give out over minutes.
HANGS_AFTER_S = 600.0
#: Shorter than AWS's, so that tests see what takes minutes there.
SHORT_TIMES = (
    ("--serverless-idle", "2"),
    ("--invocation-timeout", "3"),
    ("--startup-timeout", "20"),
    ("--stop-grace", "5"),
    ("--metrics-period", "1"),
    ("--poll", "0.1"),
    ("--time-factor", "60"),
)


@dataclasses.dataclass(frozen=True)
class LocalAws:
    """A running stack: ``env`` for processes, ``client`` for tests."""

    env: dict[str, str]
    state_dir: Path
    pid: int
    sagemaker_url: str

    def client(self, service: str, **config: Any) -> Any:
        """A boto3 client of ``service`` on this stack; ``config`` goes to botocore's Config."""
        # the variable is named by the service's id, which has a space more than its client
        service_id = service.replace("autoscaling", "auto-scaling")
        name = "AWS_ENDPOINT_URL_" + service_id.upper().replace("-", "_")
        settings: dict[str, Any] = {"retries": {"max_attempts": 1}, **config}
        return boto3.client(
            service,
            endpoint_url=self.env.get(name, self.env["AWS_ENDPOINT_URL"]),
            region_name=REGION,
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
            config=Config(**settings),
        )


def client_environment(port_aws: int, port_sagemaker: int) -> dict[str, str]:
    """What a process needs to reach the stack through any AWS SDK."""
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port_aws}",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    sagemaker = f"http://127.0.0.1:{port_sagemaker}"
    environment["AWS_ENDPOINT_URL_SAGEMAKER"] = sagemaker
    environment["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"] = sagemaker
    environment["AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING"] = sagemaker
    return environment


def clean_environment() -> dict[str, str]:
    """This process's environment without anything that would steer an AWS client."""
    return {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return once ``url`` answers; raise with the log's tail when the process ends or hangs."""
    deadline = time.monotonic() + HANGS_AFTER_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"{url} did not become ready:\n{log.read_text()[-2000:]}")


@contextmanager
def started(command: list[str], ready_urls: list[str], log: Path) -> Iterator[int]:
    """Run ``command`` until the block ends, then SIGTERM it and require a clean end."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, env=clean_environment(), stdout=stream, stderr=stream
        )
    try:
        for url in ready_urls:
            wait_for(url, process, log)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=HANGS_AFTER_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def write_images(path: Path) -> None:
    """The fixture's image, and the product's own from the environments made for them."""
    program = REPOSITORY / "include" / "models"
    fixture: dict[str, Any] = {"python": sys.executable, "program": str(_FIXTURE_PROGRAM)}
    images = {
        FIXTURE_IMAGE: fixture,
        FIXTURE_GPU_IMAGE: {**fixture, "environment": {"FIXTURE_LABEL": "gpu"}},
    }
    for name in ("serving", "training", "torch"):
        python = _VENVS / name / "bin" / "python"
        images[f"{REGISTRY}/twolane-{name}:1"] = {"python": str(python), "program": str(program)}
    images[f"{REGISTRY}/twolane-torch:1"]["environment"] = {"MODEL_ENGINE": "torch"}
    images[EVALUATING_GPU_IMAGE] = images[f"{REGISTRY}/twolane-training:1"]
    images[ABSENT_IMAGE] = {"python": "/absent/python", "program": str(program), "hint": "make it"}
    path.write_text(json.dumps(images))


@contextmanager
def running_local_aws(state_dir: Path, *options: str) -> Iterator[LocalAws]:
    """A stack of its own in ``state_dir``, stopped when the block ends; ``options`` win."""
    port_aws, port_sagemaker = free_port(), free_port()
    state_dir.mkdir(parents=True, exist_ok=True)
    images = state_dir / "images.json"
    write_images(images)
    command = [sys.executable, "-m", "local_aws", "--state", str(state_dir / "state")]
    command += ["--port-aws", str(port_aws), "--port-sagemaker", str(port_sagemaker)]
    command += ["--images", str(images)]
    command += [word for pair in SHORT_TIMES for word in pair]
    command += options
    sagemaker_url = f"http://127.0.0.1:{port_sagemaker}"
    ready = [f"http://127.0.0.1:{port_aws}/_ministack/health", f"{sagemaker_url}/_local/health"]
    with started(command, ready, state_dir / "local_aws.log") as pid:
        environment = client_environment(port_aws, port_sagemaker)
        yield LocalAws(environment, state_dir, pid, sagemaker_url)


_OF_THE_SESSION: list[LocalAws] = []


def running_for_the_session() -> tuple[LocalAws, ...]:
    """The session's stack, once a test has asked for it."""
    return tuple(_OF_THE_SESSION)


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """The embedded AWS, one for the whole session; name buckets and jobs apart in each test."""
    with running_local_aws(tmp_path_factory.mktemp("local_aws")) as stack:
        _OF_THE_SESSION.append(stack)
        yield stack
        _OF_THE_SESSION.remove(stack)
