"""An endpoint's running side: a fleet for each variant of one configuration."""

import asyncio
import random
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from local_aws.sagemaker.async_inference.async_fleet import AsyncFleet
from local_aws.sagemaker.async_inference.async_inference import AsyncInference
from local_aws.sagemaker.concurrency import all_or_first_error
from local_aws.sagemaker.container.instance_types import instance_shape, serverless_shape
from local_aws.sagemaker.container.model_server import ModelServerNotReadyError
from local_aws.sagemaker.endpoints.endpoint_instances import VariantSpec
from local_aws.sagemaker.endpoints.fleets import Fleet
from local_aws.sagemaker.endpoints.instance_fleet import InstanceFleet
from local_aws.sagemaker.endpoints.serverless_fleet import ServerlessFleet
from local_aws.sagemaker.errors import ApiError, JobFailedError
from local_aws.sagemaker.limits import InstanceLease
from local_aws.sagemaker.models import find_model, primary_container
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.store import Record

_USAGE = "endpoint usage"


class DeploymentFailedError(Exception):
    """A variant could not be started; the text is the endpoint's FailureReason."""


class Deployment:
    """The fleets of one endpoint under one configuration."""

    def __init__(
        self,
        platform: Platform,
        asynchronous: AsyncInference,
        endpoint: str,
        config: Record,
        folder: Path,
        counts: dict[str, int],
    ) -> None:
        """Take the instances from the quota.

        Args:
            counts: instances by variant where they are not the configuration's.

        Raises:
            ApiError: ResourceLimitExceeded, or a model that is gone.
        """
        self._platform = platform
        self._asynchronous = asynchronous
        self._counts = counts
        self.async_config: dict[str, Any] | None = config.request.get("AsyncInferenceConfig")
        self._endpoint = endpoint
        self._folder = folder
        self._leases = ExitStack()
        self._variants: list[dict[str, Any]] = config.request["ProductionVariants"]
        self._fleets: dict[str, Fleet] = {}
        self._instance_leases: dict[str, InstanceLease] = {}
        self._containers = {}
        for variant in self._variants:
            model = find_model(platform, variant["ModelName"])
            self._containers[variant["VariantName"]] = model
        for variant in self._variants:
            if "ServerlessConfig" not in variant:
                self._lease(variant)

    def _lease(self, variant: dict[str, Any]) -> None:
        lease = InstanceLease(self._platform.quota, variant["InstanceType"], _USAGE)
        try:
            lease.resize(self._count(variant))
        except ApiError:
            self._leases.close()
            raise
        self._leases.callback(lease.close)
        self._instance_leases[variant["VariantName"]] = lease

    def _count(self, variant: dict[str, Any]) -> int:
        """Instances the variant begins with."""
        return int(self._counts.get(variant["VariantName"], variant["InitialInstanceCount"]))

    @property
    def fleets(self) -> Mapping[str, Fleet]:
        """The fleets by variant name."""
        return self._fleets

    async def start(self) -> None:
        """Start every variant.

        Raises:
            DeploymentFailedError: one did not start; nothing of this deployment runs.
        """
        try:
            await all_or_first_error(self._start_variant(variant) for variant in self._variants)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End every container and give the instances back."""
        await asyncio.gather(*(fleet.stop() for fleet in self._fleets.values()))
        self._leases.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def choose(self, target: str | None) -> tuple[str, Fleet]:
        """A variant by weight, or the one asked for.

        Raises:
            ApiError: ValidationError, when there is none of that name.
        """
        if target is not None:
            if target not in self._fleets:
                raise ApiError(
                    "ValidationError",
                    f"Variant {target} not found for Request for endpoint {self._endpoint}",
                )
            return target, self._fleets[target]
        if len(self._fleets) == 1:
            return next(iter(self._fleets.items()))
        weights = [variant.get("InitialVariantWeight", 1.0) for variant in self._variants]
        name = random.choices(list(self._fleets), weights)[0]  # noqa: S311 - traffic, no secret
        return name, self._fleets[name]

    def describe(self) -> list[dict[str, Any]]:
        """``ProductionVariants`` of DescribeEndpoint."""
        summaries = []
        for variant in self._variants:
            name, weight = variant["VariantName"], variant.get("InitialVariantWeight", 1.0)
            container = primary_container(self._containers[name])
            fleet = self._fleets.get(name)
            summaries.append(
                {
                    "VariantName": name,
                    "DeployedImages": [{"SpecifiedImage": container["Image"]}],
                    "CurrentWeight": weight,
                    "DesiredWeight": weight,
                    **(fleet.describe() if fleet else {}),
                }
            )
        return summaries

    async def _start_variant(self, variant: dict[str, Any]) -> None:
        name = variant["VariantName"]
        fleet = self._fleet(variant)
        self._fleets[name] = fleet
        container = primary_container(self._containers[name])
        model_folder = self._folder / name / "model"
        try:
            model_folder.mkdir(parents=True, exist_ok=True)
            if "ModelDataUrl" in container:
                await self._platform.s3.extract_model(container["ModelDataUrl"], model_folder)
            await fleet.start()
        except JobFailedError as failure:
            raise DeploymentFailedError(
                f"Failed to download model data for container of production variant {name}: "
                f"{failure.reason}"
            ) from failure
        except ModelServerNotReadyError as error:
            raise DeploymentFailedError(
                f"The primary container for production variant {name} did not pass the ping "
                "health check. Please check CloudWatch logs for this endpoint. "
                f"({error})"
            ) from error

    def _fleet(self, variant: dict[str, Any]) -> Fleet:
        name, settings = variant["VariantName"], self._platform.settings
        model = self._containers[name]
        serverless = variant.get("ServerlessConfig")
        shape = (
            instance_shape(variant["InstanceType"])
            if serverless is None
            else serverless_shape(serverless["MemorySizeInMB"])
        )
        spec = VariantSpec(
            endpoint=self._endpoint,
            variant=name,
            container=primary_container(model),
            role_arn=model.request.get("ExecutionRoleArn", "the execution role"),
            is_isolated=model.request.get("EnableNetworkIsolation", False),
            model_folder=self._folder / name / "model",
            folder=self._folder / name,
            shape=shape,
            startup_timeout_s=(
                settings.startup_timeout_s
                if serverless is None
                else settings.serverless_startup_timeout_s
            ),
        )
        if serverless is not None:
            return ServerlessFleet(self._platform, spec, serverless)
        if self.async_config is not None:
            lease, count = self._instance_leases[name], self._count(variant)
            return AsyncFleet(
                self._platform, spec, self._asynchronous, self.async_config, lease, count
            )
        return InstanceFleet(self._platform, spec, variant["InitialInstanceCount"])
