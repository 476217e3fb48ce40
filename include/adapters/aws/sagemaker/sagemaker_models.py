"""The SageMaker model that stands for one registered version, and what else may stand there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from include.adapters.aws.errors import error_code, error_message
from include.domain.gpus.instances import has_gpus
from include.domain.model_ref import ModelRef

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef, TagTypeDef

COST_TAGS = {"twolane:product": "twolane"}
"""On everything we make, so that a bill can be split by it."""

GPU_SUFFIX = "-gpu"
"""Of the SageMaker model that has the GPU image: a model has one image."""


@dataclass(frozen=True, slots=True)
class ServingSite:
    """Where and as whom model code runs.

    Attributes:
        image_uri: the serving image.
        role_arn: what the containers may do.
        tags: cost allocation tags on every resource.
        gpu_image_uri: the image of instances with a GPU; empty where they have the serving image.
        endpoint_ami: SageMaker's machine image of endpoints with the GPU image, which brings the
            NVIDIA driver; empty for the instance type's own. `transform_ami`: of transform jobs.
    """

    image_uri: str
    role_arn: str
    tags: Mapping[str, str] = field(default_factory=lambda: COST_TAGS)
    gpu_image_uri: str = ""
    endpoint_ami: str = ""
    transform_ami: str = ""

    def image_on(self, instance_type: str) -> str:
        """Return the image that runs on a type of instance; empty for a serverless endpoint."""
        return image_on(instance_type, self.image_uri, self.gpu_image_uri)

    def has_gpu_image(self, instance_type: str) -> bool:
        """Whether a type of instance runs another image than those without a GPU."""
        return self.image_on(instance_type) != self.image_uri

    def model_name(self, model: ModelRef, *, instance_type: str = "", suffix: str = "") -> str:
        """Return the name of the version's SageMaker model on a type of instance.

        Args:
            suffix: for a model whose container has an environment of its own.
        """
        of_the_image = GPU_SUFFIX if self.has_gpu_image(instance_type) else ""
        return f"{model.resource_name}{suffix}{of_the_image}"


def image_on(instance_type: str, image_uri: str, gpu_image_uri: str) -> str:
    """Return the GPU image on a type with GPUs, if there is one, else the other image."""
    return gpu_image_uri if gpu_image_uri and has_gpus(instance_type) else image_uri


def ensure_model(
    client: SageMakerClient,
    model: ModelRef,
    *,
    artifact_url: str,
    site: ServingSite,
    instance_type: str = "",
    suffix: str = "",
    environment: Mapping[str, str] | None = None,
) -> str:
    """Create the version's SageMaker model, or adopt the one that stands; return its name.

    Args:
        instance_type: what it is for, which decides on the image; empty for serverless.
        suffix: of the name, for a model whose container has an environment of its own.
        environment: the container's.

    Raises:
        ClientError: the service refuses.
        ValueError: a model of that name serves another artifact or image.
    """
    image_uri = site.image_on(instance_type)
    name = site.model_name(model, instance_type=instance_type, suffix=suffix)
    try:
        client.create_model(
            ModelName=name,
            PrimaryContainer={
                "Image": image_uri,
                "ModelDataUrl": artifact_url,
                "Environment": dict(environment or {}),
            },
            ExecutionRoleArn=site.role_arn,
            Tags=tag_list({**site.tags, "twolane:model": model.label}),
        )
    except client.exceptions.ClientError as exc:
        if not already_exists(exc):
            raise
        container = client.describe_model(ModelName=name)["PrimaryContainer"]
        found = (container.get("Image"), container.get("ModelDataUrl"))
        if found != (image_uri, artifact_url):
            raise ValueError(
                f"SageMaker model {name} serves {found[1]} with {found[0]}, "
                f"not {artifact_url} with {image_uri}"
            ) from exc
    return name


def tag_list(tags: Mapping[str, str]) -> list[TagTypeDef]:
    """Return tags as SageMaker takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@contextmanager
def adopting() -> Iterator[None]:
    """Let a create request pass whose name is taken: what has the name is ours."""
    try:
        yield
    except ClientError as exc:
        if not already_exists(exc):
            raise


def describe_endpoint(client: SageMakerClient, name: str) -> DescribeEndpointOutputTypeDef | None:
    """Return DescribeEndpoint's answer, or None where there is no such endpoint.

    Raises:
        ClientError: the service refuses.
    """
    try:
        return client.describe_endpoint(EndpointName=name)
    except ClientError as exc:
        if not_found(exc):
            return None
        raise


def already_exists(exc: Exception) -> bool:
    """Whether a create was refused because the name is taken.

    Jobs answer `ResourceInUse`; models, endpoint configs and endpoints a `ValidationException`.
    """
    return error_code(exc) == "ResourceInUse" or (
        error_code(exc) == "ValidationException" and "already exist" in error_message(exc)
    )


def not_found(exc: Exception) -> bool:
    """Whether a describe or stop was refused because there is no such resource.

    SageMaker says so by code for some kinds and in one of two wordings for others.
    """
    message = error_message(exc).lower()
    return error_code(exc) == "ResourceNotFound" or (
        error_code(exc) == "ValidationException"
        and ("could not find" in message or "resource not found" in message)
    )
