"""ServingEndpoints on SageMaker: our endpoints that have instances now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from include.adapters.aws.errors import AwsError, explain
from include.adapters.aws.sagemaker.deployed_versions import version_of
from include.domain.errors import EndpointUnavailable
from include.domain.money.usage import ServingEndpoint

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_PREFIX = "twolane-"


class SageMakerServingEndpoints:
    """Endpoints by name; see `include.adapters.aws.sagemaker.deployed_versions`."""

    def __init__(self, control: SageMakerClient) -> None:
        self._control = control

    def in_service(self) -> Sequence[ServingEndpoint]:
        """See `ServingEndpoints.in_service`."""
        try:
            return list(self._in_service())
        except AwsError as exc:
            raise EndpointUnavailable(f"listing endpoints: {explain(exc)}") from exc

    def _in_service(self) -> Iterator[ServingEndpoint]:
        pages = self._control.get_paginator("list_endpoints").paginate(NameContains=_PREFIX)
        for page in pages:
            for summary in page["Endpoints"]:
                name = summary["EndpointName"]
                version = version_of(name)
                if version is None or summary["EndpointStatus"] not in ("InService", "Updating"):
                    continue
                found: Any = self._control.describe_endpoint(EndpointName=name)
                types = self._instance_types(found["EndpointConfigName"])
                for variant in found.get("ProductionVariants", ()):
                    count = variant.get("CurrentInstanceCount", 0)
                    instance_type = types.get(variant["VariantName"])
                    if count and instance_type:
                        yield ServingEndpoint(
                            name,
                            version.model_name,
                            version.version,
                            instance_type,
                            count,
                            summary["CreationTime"],
                            found["LastModifiedTime"],
                        )

    def _instance_types(self, config_name: str) -> dict[str, str]:
        """Return the instance types by variant; a serverless variant has none."""
        config: Any = self._control.describe_endpoint_config(EndpointConfigName=config_name)
        return {
            each["VariantName"]: each["InstanceType"]
            for each in config["ProductionVariants"]
            if "InstanceType" in each
        }
