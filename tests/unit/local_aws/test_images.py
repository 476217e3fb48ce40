"""Container images as programs of this host."""

import json
from pathlib import Path

import pytest

from local_aws.sagemaker.container.container_environment import container_environment
from local_aws.sagemaker.container.container_files import ContainerFiles
from local_aws.sagemaker.container.images import Image, ImageRegistry
from local_aws.sagemaker.container.instance_types import instance_shape


@pytest.fixture
def images(tmp_path: Path) -> ImageRegistry:
    (tmp_path / "python").write_text("")
    entries = {
        "plain": {"python": "python", "program": "program"},
        "torch": {
            "python": "elsewhere/python",
            "program": "program",
            "environment": {"MODEL_ENGINE": "torch", "SET": "by the image"},
            "hint": "run `make install-dev`",
        },
    }
    (tmp_path / "images.json").write_text(json.dumps(entries))
    return ImageRegistry(tmp_path / "images.json")


def found(images: ImageRegistry, uri: str) -> Image:
    image = images.find(uri)
    assert image is not None
    return image


def test_an_image_that_is_not_installed_says_how_to(images: ImageRegistry, tmp_path: Path) -> None:
    assert found(images, "plain").absence is None
    absence = found(images, "torch").absence
    assert absence is not None
    assert str(tmp_path / "elsewhere/python") in absence
    assert absence.endswith("run `make install-dev`")
    assert images.find("unknown") is None


def test_what_an_image_sets_a_job_may_set_otherwise(images: ImageRegistry, tmp_path: Path) -> None:
    image = found(images, "torch")
    environment = container_environment(
        ContainerFiles(tmp_path / "ml", image.program),
        image,
        instance_shape("ml.m5.large"),
        role={},
        job={"SET": "by the job"},
    )
    assert environment["MODEL_ENGINE"] == "torch"
    assert environment["SET"] == "by the job"
