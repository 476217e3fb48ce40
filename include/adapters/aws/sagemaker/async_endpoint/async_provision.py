"""Making an asynchronous endpoint, or finding the one that stands. Nothing here waits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from include.adapters.aws.errors import AwsError, explain
from include.adapters.aws.sagemaker.async_endpoint.async_scaling import VARIANT, EndpointScaling
from include.adapters.aws.sagemaker.sagemaker_models import (
    ServingSite,
    adopting,
    describe_endpoint,
    ensure_model,
    tag_list,
)
from include.domain.errors import EndpointUnavailable
from include.domain.model_ref import ModelRef
from include.pipeline.lanes.async_endpoint.ports import EndpointReadiness

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import ProductionVariantTypeDef


_SUFFIX = "-async"

MAX_PAYLOAD_MB = 128
"""What our container takes in one request: a shard of the largest texts, in memory at once.

SageMaker would hand it 1 GB; the container's own default of 6 MB is a real-time endpoint's.
"""


@dataclass(frozen=True, slots=True)
class AsyncSize:
    """An asynchronous variant.

    Attributes:
        instance_type: of every instance.
        concurrency: requests an instance works on at once.
        results_prefix: S3 prefix, with a slash at its end, of answers and failures.
    """

    instance_type: str
    concurrency: int
    results_prefix: str


class AsyncEndpoints:
    """Makes one asynchronous endpoint a model version and image, named as its SageMaker model.

    AWS has no endpoint begin with less than one instance; the policies take it to zero. The
    endpoints of older versions stay, at no instance and no cost, for batches that pinned them.
    """

    def __init__(
        self,
        control: SageMakerClient,
        scaling: EndpointScaling,
        *,
        site: ServingSite,
        size: AsyncSize,
    ) -> None:
        self._control = control
        self._scaling = scaling
        self._site = site
        self._size = size
        self._scaled: set[str] = set()

    def prepare(self, model: ModelRef, *, artifact_url: str) -> EndpointReadiness:
        """See `AsyncEndpoint.prepare`.

        An endpoint that stands `Failed` is deleted, for the next call to make it again.
        """
        name = self.name(model)
        try:
            found = self.describe(name)
            if found is None:
                self._create(name, model, artifact_url)
                return EndpointReadiness(name, False, f"endpoint {name} is being made")
            if found["EndpointStatus"] == "Failed":
                self._control.delete_endpoint(EndpointName=name)
                reason = found.get("FailureReason", "no reason given")
                raise EndpointUnavailable(f"endpoint {name} is Failed: {reason}")
            if found["EndpointStatus"] in ("Creating", "Deleting"):
                message = f"endpoint {name} is {found['EndpointStatus']}"
                return EndpointReadiness(name, False, message)
            if name not in self._scaled:
                self._scaling.apply(name)
                self._scaled.add(name)
        except ValueError as exc:
            raise EndpointUnavailable(f"endpoint {name}: {exc}") from exc
        except AwsError as exc:
            raise EndpointUnavailable(f"endpoint {name}: {explain(exc)}") from exc
        return EndpointReadiness(name, True, f"endpoint {name} is {found['EndpointStatus']}")

    def name(self, model: ModelRef) -> str:
        """Return the name of a version's endpoint on these instances."""
        instance_type = self._size.instance_type
        return self._site.model_name(model, instance_type=instance_type, suffix=_SUFFIX)

    def describe(self, name: str) -> Mapping[str, Any] | None:
        """Return DescribeEndpoint's answer, or None where there is no such endpoint.

        Raises:
            ClientError: the service refuses.
        """
        return describe_endpoint(self._control, name)

    def grow(self, name: str, instances: int) -> bool:
        """Ask for so many instances; see `AsyncEndpoint.grow`."""
        try:
            found = self.describe(name)
            if found is None:
                raise EndpointUnavailable(f"endpoint {name}: there is none to grow")
            if found["EndpointStatus"] != "InService":
                return False
            self._control.update_endpoint_weights_and_capacities(
                EndpointName=name,
                DesiredWeightsAndCapacities=[
                    {"VariantName": VARIANT, "DesiredInstanceCount": instances}
                ],
            )
        except AwsError as exc:
            raise EndpointUnavailable(f"endpoint {name}: {explain(exc)}") from exc
        return True

    def _create(self, name: str, model: ModelRef, artifact_url: str) -> None:
        model_name = ensure_model(
            self._control,
            model,
            artifact_url=artifact_url,
            site=self._site,
            instance_type=self._size.instance_type,
            suffix=_SUFFIX,
            environment={"SAGEMAKER_MAX_PAYLOAD_IN_MB": str(MAX_PAYLOAD_MB)},
        )
        lane = {"twolane:lane": "async_endpoint", "twolane:model": model.label}
        tags = tag_list({**self._site.tags, **lane})
        config_name = self._config_name(name)
        prefix = f"{self._size.results_prefix}{name}/"
        with adopting():
            self._control.create_endpoint_config(
                EndpointConfigName=config_name,
                ProductionVariants=[self._variant(model_name)],
                AsyncInferenceConfig={
                    "OutputConfig": {
                        "S3OutputPath": f"{prefix}answers",
                        "S3FailurePath": f"{prefix}failures",
                    },
                    "ClientConfig": {"MaxConcurrentInvocationsPerInstance": self._size.concurrency},
                },
                Tags=tags,
            )
        with adopting():
            self._control.create_endpoint(
                EndpointName=name, EndpointConfigName=config_name, Tags=tags
            )

    def _variant(self, model_name: str) -> ProductionVariantTypeDef:
        variant: ProductionVariantTypeDef = {
            "VariantName": VARIANT,
            "ModelName": model_name,
            "InstanceType": cast(Any, self._size.instance_type),
            "InitialInstanceCount": 1,
        }
        if self._site.endpoint_ami and self._site.has_gpu_image(self._size.instance_type):
            variant["InferenceAmiVersion"] = cast(Any, self._site.endpoint_ami)
        return variant

    def _config_name(self, name: str) -> str:
        """Return a name of its own for all that a configuration holds, of 63 characters or less."""
        variant = json.dumps([self._variant(name), self._size.concurrency], sort_keys=True)
        return f"{name}-{hashlib.sha256(variant.encode()).hexdigest()[:6]}"
