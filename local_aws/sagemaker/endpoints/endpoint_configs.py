"""Endpoint configurations: which model, on what, how many; serverless or on instances."""

from typing import Any

from local_aws.sagemaker.api.listing import page
from local_aws.sagemaker.api.protocol import Handler
from local_aws.sagemaker.clock import now_s
from local_aws.sagemaker.errors import not_implemented, validation_exception
from local_aws.sagemaker.models import find_model
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.store import Record

KIND = "EndpointConfig"
_MEMORY_STEPS_MB = (1024, 2048, 3072, 4096, 5120, 6144)


def find_endpoint_config(platform: Platform, name: str) -> Record:
    """The configuration called ``name``.

    Raises:
        ApiError: ValidationException, in AWS's words.
    """
    record = platform.store.get(KIND, name)
    if record is None:
        arn = platform.settings.arn("endpoint-config", name)
        raise validation_exception(f'Could not find endpoint configuration "{arn}".')
    return record


class EndpointConfigs:
    """The operations on endpoint configurations."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def handlers(self) -> dict[str, Handler]:
        """The operations this answers, by name."""
        return {
            "CreateEndpointConfig": self.create,
            "DescribeEndpointConfig": self.describe,
            "ListEndpointConfigs": self.list,
            "DeleteEndpointConfig": self.delete,
        }

    async def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """Validate and record a configuration."""
        name, platform = request["EndpointConfigName"], self._platform
        arn = platform.settings.arn("endpoint-config", name)
        if platform.store.get(KIND, name) is not None:
            raise validation_exception(
                f'Cannot create already existing endpoint configuration "{arn}".'
            )
        for member in ("ShadowProductionVariants", "ExplainerConfig"):
            if request.get(member):
                raise not_implemented(member)
        if request.get("AsyncInferenceConfig"):
            _check_async(request)
        for variant in request["ProductionVariants"]:
            self._check_variant(variant)
        if len({"ServerlessConfig" in variant for variant in request["ProductionVariants"]}) > 1:
            raise validation_exception(
                "Serverless and instance-based production variants cannot be mixed."
            )
        tags = request.pop("Tags", [])
        record = Record(KIND, name, arn, now_s(), request, {})
        platform.store.save(record)
        platform.store.add_tags(arn, tags)
        return {"EndpointConfigArn": arn}

    def _check_variant(self, variant: dict[str, Any]) -> None:
        if "ModelName" not in variant:
            raise not_implemented("A production variant without ModelName")
        find_model(self._platform, variant["ModelName"])
        serverless = variant.get("ServerlessConfig")
        if serverless is None:
            if "InstanceType" not in variant or "InitialInstanceCount" not in variant:
                raise validation_exception(
                    f"Production variant {variant['VariantName']} needs InstanceType and "
                    "InitialInstanceCount, or a ServerlessConfig."
                )
        else:
            _check_serverless(variant, serverless)

    async def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """A configuration as it was created."""
        record = find_endpoint_config(self._platform, request["EndpointConfigName"])
        identity = {"EndpointConfigArn": record.arn, "CreationTime": record.created_s}
        return {**record.request, **identity}

    async def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """Summaries of the configurations that match."""
        chosen, token = page(self._platform.store.of_kind(KIND), request)
        configs = [
            {
                "EndpointConfigName": record.name,
                "EndpointConfigArn": record.arn,
                "CreationTime": record.created_s,
            }
            for record in chosen
        ]
        return {"EndpointConfigs": configs, "NextToken": token}

    async def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a configuration; endpoints that run keep their containers."""
        name = request["EndpointConfigName"]
        self._platform.store.delete(find_endpoint_config(self._platform, name))
        return {}


def _check_serverless(variant: dict[str, Any], serverless: dict[str, Any]) -> None:
    if "InstanceType" in variant or "InitialInstanceCount" in variant:
        raise validation_exception(
            f"Production variant {variant['VariantName']} has a ServerlessConfig and must not "
            "have InstanceType or InitialInstanceCount."
        )
    if serverless["MemorySizeInMB"] not in _MEMORY_STEPS_MB:
        raise validation_exception(
            f"Memory size {serverless['MemorySizeInMB']} MB is not supported. Choose one of "
            f"{', '.join(str(step) for step in _MEMORY_STEPS_MB)}."
        )
    if serverless.get("ProvisionedConcurrency", 0) > serverless["MaxConcurrency"]:
        raise validation_exception("ProvisionedConcurrency must not exceed MaxConcurrency.")


def _check_async(request: dict[str, Any]) -> None:
    variants = request["ProductionVariants"]
    if any("ServerlessConfig" in variant for variant in variants):
        raise validation_exception("AsyncInferenceConfig is not supported for serverless variants.")
    if len(variants) > 1:
        raise not_implemented("An asynchronous endpoint with several variants")
    if not request["AsyncInferenceConfig"]["OutputConfig"].get("S3OutputPath"):
        raise not_implemented("An OutputConfig without S3OutputPath")
