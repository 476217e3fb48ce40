"""The SageMaker model that stands for one registered version, and what else may stand there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from include.adapters.aws.errors import error_code, error_message
from include.domain.model_ref import ModelRef

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef, TagTypeDef

COST_TAGS = {"twolane:product": "twolane"}
"""On everything we make, so that a bill can be split by it."""


@dataclass(frozen=True, slots=True)
class ServingSite:
    """Where and as whom model code runs.

    Attributes:
        image_uri: the serving image.
        role_arn: what the containers may do.
        tags: cost allocation tags on every resource.
    """

    image_uri: str
    role_arn: str
    tags: Mapping[str, str] = field(default_factory=lambda: COST_TAGS)


def ensure_model(
    client: SageMakerClient,
    model: ModelRef,
    *,
    artifact_url: str,
    site: ServingSite,
    suffix: str = "",
    environment: Mapping[str, str] | None = None,
) -> str:
    """Create the version's SageMaker model, or adopt the one that stands; return its name.

    Args:
        suffix: of the name, for a model whose container has an environment of its own.
        environment: the container's.

    Raises:
        ClientError: the service refuses.
        ValueError: a model of that name serves another artifact or image.
    """
    name = model.resource_name + suffix
    try:
        client.create_model(
            ModelName=name,
            PrimaryContainer={
                "Image": site.image_uri,
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
        if found != (site.image_uri, artifact_url):
            raise ValueError(
                f"SageMaker model {name} serves {found[1]} with {found[0]}, "
                f"not {artifact_url} with {site.image_uri}"
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
