"""The embedded AWS: MiniStack, and the SageMaker service that runs jobs and endpoints."""

import json
from pathlib import Path
from typing import Any

from stack.component import Component
from stack.health import accepts, answers
from stack.paths import Paths
from stack.settings import HOST, Ports

SCALING_TIME_FACTOR = "12"
"""A minute of the alarms that scale endpoints, and of their cooldowns, takes 5 s here."""

REPOSITORY = "000000000000.dkr.ecr.us-east-1.amazonaws.com"


def ministack(paths: Paths, ports: Ports) -> Component:
    """Describe S3, SQS, SNS, DynamoDB, CloudWatch, EventBridge."""
    return Component(
        name="aws",
        command=(
            str(paths.python()),
            *("-m", "local_aws.ministack", "--port", str(ports.aws)),
            *("--state", str(paths.aws / "ministack")),
        ),
        is_ready=lambda: answers(f"http://{HOST}:{ports.aws}/_ministack/health"),
        port=ports.aws,
        # Its MQTT broker would listen on every interface.
        environment={"IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"},
        # It writes its state down when it is told to end: time enough for that.
        grace_s=30.0,
    )


def sagemaker(paths: Paths, ports: Ports) -> Component:
    """Describe our SageMaker service."""
    return Component(
        name="sagemaker",
        command=(
            str(paths.python()),
            *("-m", "local_aws.sagemaker", "--port", str(ports.sagemaker)),
            *("--aws-endpoint", f"http://{HOST}:{ports.aws}"),
            *("--state", str(paths.aws / "sagemaker")),
            *("--images", str(images_file(paths))),
            *("--time-factor", SCALING_TIME_FACTOR),
        ),
        is_ready=lambda: accepts(ports.sagemaker),
        port=ports.sagemaker,
        prepare=lambda: write_images(paths),
        grace_s=15.0,
    )


def images_file(paths: Paths) -> Path:
    """Return where the image map lies."""
    return paths.aws / "images.json"


def images(paths: Paths) -> dict[str, dict[str, Any]]:
    """Return what stands for each container image, see `local_aws.sagemaker.container.images`."""
    program = str(paths.root / "include" / "models")
    found: dict[str, dict[str, Any]] = {
        f"{REPOSITORY}/twolane-{name}:1": {"python": str(paths.python(name)), "program": program}
        for name in ("serving", "training", "torch")
    }
    # As its Dockerfile has it. Torch is installed with what tests need, and not by default.
    found[f"{REPOSITORY}/twolane-torch:1"] |= {
        "environment": {"MODEL_ENGINE": "torch"},
        "hint": "torch needs `make install-dev`",
    }
    return found


def write_images(paths: Paths) -> None:
    """Write the image map."""
    images_file(paths).parent.mkdir(parents=True, exist_ok=True)
    images_file(paths).write_text(json.dumps(images(paths), indent=2) + "\n")
