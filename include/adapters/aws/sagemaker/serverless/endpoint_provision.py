"""Making a serverless endpoint, or finding the one that stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from include.adapters.aws.errors import AwsError, explain
from include.adapters.aws.sagemaker.sagemaker_models import (
    ServingSite,
    adopting,
    describe_endpoint,
    ensure_model,
    tag_list,
)
from include.adapters.aws.sagemaker.serverless.serverless_size import ServerlessSize
from include.domain.errors import EndpointUnavailable
from include.domain.model_ref import ModelRef

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import TagTypeDef


_STANDS = frozenset({"InService", "Updating", "SystemUpdating", "RollingBack"})
"""States in which an endpoint answers."""


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
        with _told(name):
            status, _ = self._status(name)
            if status in _STANDS:
                return name
            if status == "Failed":
                self._control.delete_endpoint(EndpointName=name)
                status = self._wait_while(name, "Deleting")
            if status is None:
                self._create(model, artifact_url)
            self._wait_in_service(name)
        return name

    def stands(self, model: ModelRef) -> bool:
        """Whether the version has an endpoint, in whatever state.

        Raises:
            EndpointUnavailable: SageMaker does not say.
        """
        with _told(model.resource_name):
            return self._status(model.resource_name)[0] is not None

    def fit(self, model: ModelRef, *, artifact_url: str) -> str:
        """Do as `ensure`, and give an endpoint that stands the size that is set by now.

        SageMaker starts the new variant beside the old one and moves the calls when it is ready;
        where it fails, the old one goes on answering.

        Raises:
            EndpointUnavailable: as `ensure`, or the new size could not be given.
        """
        name = self.ensure(model, artifact_url=artifact_url)
        wanted = self._config_name(name)
        with _told(name):
            if self._used_config(name) != wanted:
                self._ensure_config(model, wanted)
                self._control.update_endpoint(EndpointName=name, EndpointConfigName=wanted)
                self._wait_while(name, "Updating")
            if self._used_config(name) != wanted:
                _fail(name, f"keeps its old size: {self._status(name)[1] or 'no reason given'}")
        return name

    def _used_config(self, name: str) -> str | None:
        found = describe_endpoint(self._control, name)
        return None if found is None else found.get("EndpointConfigName")

    def _create(self, model: ModelRef, artifact_url: str) -> None:
        name = ensure_model(self._control, model, artifact_url=artifact_url, site=self._site)
        config_name = self._config_name(name)
        self._ensure_config(model, config_name)
        with adopting():
            self._control.create_endpoint(
                EndpointName=name, EndpointConfigName=config_name, Tags=self._tags(model)
            )

    def _tags(self, model: ModelRef) -> list[TagTypeDef]:
        lane = {"twolane:lane": "serverless", "twolane:model": model.label}
        return tag_list({**self._site.tags, **lane})

    def _ensure_config(self, model: ModelRef, config_name: str) -> None:
        with adopting():
            self._control.create_endpoint_config(
                EndpointConfigName=config_name,
                ProductionVariants=[
                    {
                        "VariantName": "all",
                        "ModelName": model.resource_name,
                        "ServerlessConfig": self._size.variant(),
                    }
                ],
                Tags=self._tags(model),
            )

    def _config_name(self, model_name: str) -> str:
        return f"{model_name}-{self._size.name}"

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


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Say in our own words why an endpoint cannot be had."""
    try:
        yield
    except ValueError as exc:
        raise EndpointUnavailable(f"endpoint {name}: {exc}") from exc
    except AwsError as exc:
        raise EndpointUnavailable(f"endpoint {name}: {explain(exc)}") from exc


def _fail(name: str, what: str) -> NoReturn:
    raise EndpointUnavailable(f"endpoint {name}: {what}")
