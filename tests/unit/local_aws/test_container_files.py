"""A container's paths on this host."""

from pathlib import Path

import pytest

from local_aws.sagemaker.container.container_files import ContainerFiles
from local_aws.sagemaker.container.images import Image

FILES = ContainerFiles(Path("/host/ml"), Path("/host/program"))
IMAGE = Image(Path("/venv/bin/python"), Path("/host/program"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/opt/ml/model", "/host/ml/model"),
        ("--data=/opt/ml/input:/opt/program/x.py", "--data=/host/ml/input:/host/program/x.py"),
        ("/opt/mlflow", "/opt/mlflow"),
        ("/usr/opt/ml/model", "/usr/opt/ml/model"),
        ("s3://bucket/opt/ml/x", "s3://bucket/opt/ml/x"),
    ],
)
def test_prefixes_are_replaced(text: str, expected: str) -> None:
    assert FILES.host_text(text) == expected


def test_a_path_outside_the_prefixes_stays_inside_the_job() -> None:
    assert FILES.host_path("/etc/data") == Path("/host/ml/rootfs/etc/data")
    with pytest.raises(ValueError, match="leaves"):
        FILES.host_path("/opt/ml/../../etc")


@pytest.mark.parametrize(
    ("entrypoint", "expected"),
    [
        (["python3", "/opt/program/a.py"], ["/venv/bin/python", "/host/program/a.py", "serve"]),
        (["/opt/program/a.py"], ["/venv/bin/python", "/host/program/a.py", "serve"]),
        (["/opt/program/run"], ["/host/program/run", "serve"]),
    ],
)
def test_commands(entrypoint: list[str], expected: list[str]) -> None:
    assert FILES.command(IMAGE, entrypoint, ["serve"]) == expected
