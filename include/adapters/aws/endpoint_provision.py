"""Making a serverless endpoint, or finding the one that stands."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from include.adapters.aws.errors import AwsError, explain
from include.adapters.aws.sagemaker_models import (
    ServingSite,
    adopting,
    describe_endpoint,
    ensure_model,
    tag_list,
)
from include.domain.errors import EndpointUnavailable
from include.domain.model_ref import ModelRef

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import ProductionVariantServerlessConfigTypeDef


_STANDS = frozenset({"InService", "Updating", "SystemUpdating", "RollingBack"})
"""States in which an endpoint answers."""


@dataclass(frozen=True, slots=True)
class ServerlessSize:
    """A serverless variant.

    Attributes:
        memory_mb: 1,024 to 6,144 in steps of 1,024.
        max_concurrency: invocations at once before throttling, 1 to 200.
        provisioned_concurrency: kept warm, and paid for; 0 for none.
    """

    memory_mb: int
    max_concurrency: int
    provisioned_concurrency: int = 0


class ServerlessEndpoints:
    """Makes one serverless endpoint a model version, named as `ModelRef.resource_name`.

    Args:
        control: SageMaker's control plane.
        ready_timeout_s: how long an endpoint may take to be in service.
        poll_s: pause between two looks at it.
        sleep: pauses, seconds.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        control: SageMakerClient,
        *,
        site: ServingSite,
        size: ServerlessSize,
        ready_timeout_s: float = 900,
        poll_s: float = 0.5,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._control = control
        self._site = site
        self._size = size
        self._ready_timeout_s = ready_timeout_s
        self._poll_s = poll_s
        self._sleep = sleep
        self._clock = clock

    def ensure(self, model: ModelRef, *, artifact_url: str) -> str:
        """Return the endpoint's name once it is in service; see `Endpoint.ensure`.

        An endpoint that stands `Failed` from an earlier try is deleted and made again.
        """
        name = model.resource_name
        try:
            status, _ = self._status(name)
            if status in _STANDS:
                return name
            if status == "Failed":
                self._control.delete_endpoint(EndpointName=name)
                status = self._wait_while(name, "Deleting")
            if status is None:
                self._create(model, artifact_url)
            self._wait_in_service(name)
        except ValueError as exc:
            raise EndpointUnavailable(f"endpoint {name}: {exc}") from exc
        except AwsError as exc:
            raise EndpointUnavailable(f"endpoint {name}: {explain(exc)}") from exc
        return name

    def _create(self, model: ModelRef, artifact_url: str) -> None:
        name = ensure_model(self._control, model, artifact_url=artifact_url, site=self._site)
        tags = tag_list(
            {**self._site.tags, "twolane:lane": "serverless", "twolane:model": model.label}
        )
        config_name = self._config_name(name)
        with adopting():
            self._control.create_endpoint_config(
                EndpointConfigName=config_name,
                ProductionVariants=[
                    {
                        "VariantName": "all",
                        "ModelName": name,
                        "ServerlessConfig": self._serverless_config(),
                    }
                ],
                Tags=tags,
            )
        with adopting():
            self._control.create_endpoint(
                EndpointName=name, EndpointConfigName=config_name, Tags=tags
            )

    def _config_name(self, model_name: str) -> str:
        size = self._size
        shape = f"{size.memory_mb}-{size.max_concurrency}-{size.provisioned_concurrency}"
        return f"{model_name}-{shape}"

    def _serverless_config(self) -> ProductionVariantServerlessConfigTypeDef:
        config: ProductionVariantServerlessConfigTypeDef = {
            "MemorySizeInMB": self._size.memory_mb,
            "MaxConcurrency": self._size.max_concurrency,
        }
        if self._size.provisioned_concurrency:
            config["ProvisionedConcurrency"] = self._size.provisioned_concurrency
        return config

    def _wait_in_service(self, name: str) -> None:
        deadline = self._clock() + self._ready_timeout_s
        while True:
            status, reason = self._status(name)
            match status:
                case "Creating":
                    pass
                case _ if status in _STANDS:
                    return
                case _:
                    _fail(name, f"is {status or 'gone'}: {reason or 'no reason given'}")
            if self._clock() >= deadline:
                _fail(name, f"not in service after {self._ready_timeout_s:g} s")
            self._sleep(self._poll_s)

    def _wait_while(self, name: str, passing: str) -> str | None:
        deadline = self._clock() + self._ready_timeout_s
        while (status := self._status(name)[0]) == passing and self._clock() < deadline:
            self._sleep(self._poll_s)
        return status

    def _status(self, name: str) -> tuple[str | None, str]:
        found = describe_endpoint(self._control, name)
        if found is None:
            return None, ""
        return found["EndpointStatus"], found.get("FailureReason", "")


def _fail(name: str, what: str) -> NoReturn:
    raise EndpointUnavailable(f"endpoint {name}: {what}")
