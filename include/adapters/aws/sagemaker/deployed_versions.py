"""What SageMaker keeps of a version, found by name and tag, and deleted in order."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from include.adapters.aws.cloudwatch.endpoint_alarms import EndpointAlarms
from include.adapters.aws.errors import AwsError, explain
from include.adapters.aws.sagemaker.async_endpoint.async_scaling import EndpointScaling
from include.adapters.aws.sagemaker.sagemaker_models import COST_TAGS, describe_endpoint, not_found
from include.domain.errors import EndpointUnavailable
from include.domain.promotion.retirement import DeployedVersion, VersionKey

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_PREFIX = "twolane-"
_NAME = re.compile(rf"{_PREFIX}(?P<model>.+)-v(?P<version>\d+)(?:-.*)?")
"""`ModelRef.resource_name`, and what our adapters add behind it."""


def version_of(resource_name: str) -> VersionKey | None:
    """Return the version that a resource's name says it serves; None where it says none."""
    match = _NAME.fullmatch(resource_name)
    return None if match is None else VersionKey(match["model"], match["version"])


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of resource: the operations that list and delete it, and its members' prefix."""

    list_operation: str
    list_member: str
    prefix: str


_ENDPOINTS = _Kind("list_endpoints", "Endpoints", "Endpoint")
_CONFIGS = _Kind("list_endpoint_configs", "EndpointConfigs", "EndpointConfig")
_MODELS = _Kind("list_models", "Models", "Model")
_KINDS = (_ENDPOINTS, _CONFIGS, _MODELS)


@dataclass(frozen=True, slots=True)
class _Resource:
    kind: _Kind
    name: str
    arn: str
    made_at: datetime
    key: VersionKey


class SageMakerDeployedVersions:
    """`DeployedVersions` on SageMaker. What does not bear our tags is not ours.

    Args:
        control: SageMaker's control plane.
        scaling: of asynchronous endpoints.
        timeout_s: how long an endpoint may take to go.
        poll_s: pause between two looks at it.
        sleep: pauses, seconds.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        control: SageMakerClient,
        scaling: EndpointScaling,
        alarms: EndpointAlarms,
        *,
        timeout_s: float = 600.0,
        poll_s: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._control = control
        self._scaling = scaling
        self._alarms = alarms
        self._timeout_s = timeout_s
        self._poll_s = poll_s
        self._sleep = sleep
        self._clock = clock

    def find(self) -> Sequence[DeployedVersion]:
        """See `DeployedVersions.find`."""
        youngest: dict[VersionKey, datetime] = {}
        try:
            for each in self._resources(_PREFIX):
                made_at = max(each.made_at, youngest.get(each.key, each.made_at))
                youngest[each.key] = made_at
        except AwsError as exc:
            raise EndpointUnavailable(f"listing what is deployed: {explain(exc)}") from exc
        return [DeployedVersion(key, made_at) for key, made_at in sorted_by_label(youngest)]

    def delete(self, key: VersionKey) -> None:
        """See `DeployedVersions.delete`."""
        try:
            of_version = f"{_PREFIX}{key.model_name}-v{key.version}"
            mine = [
                each
                for each in self._resources(of_version)
                if each.key == key and self._is_ours(each, key)
            ]
            for each in mine:
                if each.kind is _ENDPOINTS:
                    self._delete_endpoint(each.name)
            for each in mine:
                if each.kind is _CONFIGS:
                    self._control.delete_endpoint_config(EndpointConfigName=each.name)
                elif each.kind is _MODELS:
                    self._control.delete_model(ModelName=each.name)
        except AwsError as exc:
            raise EndpointUnavailable(f"deleting {key.label}: {explain(exc)}") from exc

    def _delete_endpoint(self, name: str) -> None:
        self._scaling.remove(name)
        try:
            self._control.delete_endpoint(EndpointName=name)
        except self._control.exceptions.ClientError as exc:
            if not not_found(exc):
                raise
        deadline = self._clock() + self._timeout_s
        while describe_endpoint(self._control, name) is not None:
            if self._clock() >= deadline:
                raise EndpointUnavailable(f"endpoint {name}: not gone after {self._timeout_s:g} s")
            self._sleep(self._poll_s)
        self._alarms.delete(name)

    def _resources(self, name_contains: str) -> Iterator[_Resource]:
        for kind in _KINDS:
            listing: Any = self._control.get_paginator(kind.list_operation)  # type: ignore[call-overload]
            for page in listing.paginate(NameContains=name_contains):
                for summary in page[kind.list_member]:
                    name = summary[f"{kind.prefix}Name"]
                    key = version_of(name)
                    if key is not None:
                        arn = summary[f"{kind.prefix}Arn"]
                        yield _Resource(kind, name, arn, summary["CreationTime"], key)

    def _is_ours(self, resource: _Resource, key: VersionKey) -> bool:
        tags: dict[str, str] = {}
        for page in self._control.get_paginator("list_tags").paginate(ResourceArn=resource.arn):
            tags.update({tag["Key"]: tag["Value"] for tag in page["Tags"]})
        wanted = {**COST_TAGS, "twolane:model": key.label}
        return wanted.items() <= tags.items()


def sorted_by_label(found: dict[VersionKey, datetime]) -> list[tuple[VersionKey, datetime]]:
    """Return versions by model, then by number."""
    return sorted(found.items(), key=lambda each: (each[0].model_name, int(each[0].version)))
