"""MiniStack as a component: S3, SQS, SNS, DynamoDB, CloudWatch, EventBridge and their like.

``python -m local_aws.ministack --port 4566 --state DIR`` becomes the MiniStack server itself
(``exec``), so a supervisor's signals reach it directly and SIGTERM saves its state.
"""

import argparse
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

#: What the product and its infrastructure template may call; SageMaker is ours, not MiniStack's.
SERVICES = (
    "s3,sqs,sns,dynamodb,events,scheduler,monitoring,logs,secretsmanager,ssm,sts,iam,kms,"
    "cloudformation,ec2"
)


def server_command() -> list[str]:
    """The command of the MiniStack server, made durable, run by this interpreter."""
    return [sys.executable, "-m", "local_aws.durable"]


def server_environment(
    port: int,
    state_dir: Path,
    inherited: Mapping[str, str],
    region: str = "us-east-1",
    host: str = "127.0.0.1",
) -> dict[str, str]:
    """Environment that binds MiniStack to ``host`` and keeps its state in ``state_dir``.

    Variables named ``AWS_*`` are dropped: an endpoint or a profile meant for clients would
    otherwise steer the emulator's own calls.
    """
    environment = {key: value for key, value in inherited.items() if not key.startswith("AWS_")}
    environment.update(
        GATEWAY_PORT=str(port),
        BIND_HOST=host,
        MINISTACK_REGION=region,
        SERVICES=SERVICES,
        # Its MQTT and SFTP listeners would bind every interface.
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        PERSIST_STATE="1",
        STATE_DIR=str(state_dir / "services"),
        S3_PERSIST="1",
        S3_DATA_DIR=str(state_dir / "s3"),
        TMPDIR=str(state_dir / "tmp"),
        LOG_LEVEL=inherited.get("MINISTACK_LOG_LEVEL", "WARNING"),
    )
    return environment


def prepare_state(state_dir: Path) -> None:
    """Make the folders that :func:`server_environment` names."""
    for name in ("services", "s3", "tmp"):
        (state_dir / name).mkdir(parents=True, exist_ok=True)


def wait_until_ready(
    port: int, timeout_s: float, is_alive: Callable[[], bool] = lambda: True
) -> None:
    """Return once the server answers its health path.

    Raises:
        TimeoutError: it did not answer within ``timeout_s``, or its process has ended.
    """
    url = f"http://127.0.0.1:{port}/_ministack/health"
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and is_alive():
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise TimeoutError(f"MiniStack did not become ready on port {port} within {timeout_s:g} s")


def main() -> None:
    """Parse the command line and become the server."""
    parser = argparse.ArgumentParser(prog="local_aws.ministack", description=__doc__)
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--host", default="127.0.0.1", help="a container listens on 0.0.0.0")
    parser.add_argument("--state", type=Path, required=True, help="folder of its state")
    parser.add_argument("--region", default="us-east-1")
    arguments = parser.parse_args()
    state_dir = arguments.state.resolve()
    prepare_state(state_dir)
    environment = server_environment(
        arguments.port, state_dir, os.environ, arguments.region, arguments.host
    )
    command = server_command()
    os.execve(command[0], command, environment)  # noqa: S606 - our own interpreter


if __name__ == "__main__":
    main()
