"""ServingEndpoints on SageMaker: our endpoints that cost money now, called or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from include.adapters.aws.errors import AwsError, explain
from include.adapters.aws.sagemaker.deployed_versions import version_of
from include.domain.errors import EndpointUnavailable
from include.domain.money.endpoint_time import ProvisionedEndpoint, ServingEndpoint
from include.domain.promotion.retirement import VersionKey

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_PREFIX = "twolane-"


@dataclass(frozen=True, slots=True)
class _Variant:
    """A variant of an endpoint in service, as it is now and as it was configured."""

    endpoint: str
    version: VersionKey
    since: datetime
    changed_at: datetime
    now: Mapping[str, Any]
    config: Mapping[str, Any]


class SageMakerServingEndpoints:
    """Endpoints by name; see `include.adapters.aws.sagemaker.deployed_versions`."""

    def __init__(self, control: SageMakerClient) -> None:
        self._control = control

    def in_service(self) -> Sequence[ServingEndpoint]:
        """See `ServingEndpoints.in_service`."""
        return [
            ServingEndpoint(
                each.endpoint,
                each.version.model_name,
                each.version.version,
                each.config["InstanceType"],
                each.now["CurrentInstanceCount"],
                each.since,
                each.changed_at,
            )
            for each in self._variants()
            if "InstanceType" in each.config and each.now.get("CurrentInstanceCount")
        ]

    def provisioned(self) -> Sequence[ProvisionedEndpoint]:
        """See `ServingEndpoints.provisioned`."""
        sizes = [(each, each.now.get("CurrentServerlessConfig", {})) for each in self._variants()]
        return [
            ProvisionedEndpoint(
                each.endpoint,
                each.version.model_name,
                each.version.version,
                size["MemorySizeInMB"] / 1024,
                size["ProvisionedConcurrency"],
                each.since,
                each.changed_at,
            )
            for each, size in sizes
            if size.get("ProvisionedConcurrency")
        ]

    def _variants(self) -> Sequence[_Variant]:
        try:
            return list(self._in_service())
        except AwsError as exc:
            raise EndpointUnavailable(f"listing endpoints: {explain(exc)}") from exc

    def _in_service(self) -> Iterator[_Variant]:
        pages = self._control.get_paginator("list_endpoints").paginate(NameContains=_PREFIX)
        for summary in (each for page in pages for each in page["Endpoints"]):
            name = summary["EndpointName"]
            version = version_of(name)
            if version is None or summary["EndpointStatus"] not in ("InService", "Updating"):
                continue
            found: Any = self._control.describe_endpoint(EndpointName=name)
            config: Any = self._control.describe_endpoint_config(
                EndpointConfigName=found["EndpointConfigName"]
            )
            configs = {each["VariantName"]: each for each in config["ProductionVariants"]}
            for variant in found.get("ProductionVariants", ()):
                yield _Variant(
                    name,
                    version,
                    summary["CreationTime"],
                    found["LastModifiedTime"],
                    variant,
                    configs.get(variant["VariantName"], {}),
                )
