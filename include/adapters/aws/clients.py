"""Low-level AWS clients from the standard environment: region, credentials, endpoint URLs.

Nothing is made at import. Each client is made once a process, also after a fork, since sockets
of a parent must not be shared. S3 is addressed by path everywhere: it is the form that holds for
every endpoint URL, a bare host name included.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.config import Config
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

LANE_SERVICES = ("s3", "sagemaker", "sagemaker-runtime", "application-autoscaling", "cloudwatch")
"""What driving a lane needs of AWS."""

CONNECTIONS = 16
"""Connections a client keeps; no adapter uses more threads."""

_SESSION_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class AwsAddress:
    """Which AWS: for a process that must reach the same one as another, whatever its environment.

    Attributes:
        region: for example `us-east-1`.
        endpoint_urls: service and URL; a service that is not named is reached as usual.
    """

    region: str
    endpoint_urls: tuple[tuple[str, str], ...]

    @classmethod
    def in_use(cls, services: Sequence[str]) -> AwsAddress:
        """Return where this process's own clients of these services go."""
        found = [(service, client(service).meta) for service in services]
        urls = tuple((service, meta.endpoint_url) for service, meta in found)
        return cls(found[0][1].region_name, urls)

    def arguments(self, service: str) -> dict[str, str]:
        """Return what a client of the service is made with."""
        urls = dict(self.endpoint_urls)
        endpoint = {"endpoint_url": urls[service]} if service in urls else {}
        return {"region_name": self.region, **endpoint}


_OVERRIDES: dict[str, dict[str, Any]] = {
    "s3": {"s3": {"addressing_style": "path"}},
    # Items are built by one tested function; checking each takes a quarter of the client's CPU.
    "dynamodb": {"parameter_validation": False},
    # The endpoint adapter retries by itself, and a call may take SageMaker's whole 60 s.
    "sagemaker-runtime": {"retries": {"mode": "standard", "total_max_attempts": 1}},
}


@overload
def client(service: Literal["s3"], at: AwsAddress | None = None) -> S3Client: ...
@overload
def client(service: Literal["dynamodb"], at: AwsAddress | None = None) -> DynamoDBClient: ...
@overload
def client(service: Literal["sagemaker"], at: AwsAddress | None = None) -> SageMakerClient: ...
@overload
def client(
    service: Literal["sagemaker-runtime"], at: AwsAddress | None = None
) -> SageMakerRuntimeClient: ...
@overload
def client(service: str, at: AwsAddress | None = None) -> Any: ...
def client(service: str, at: AwsAddress | None = None) -> Any:
    """Return this process's client of an AWS service, e.g. `s3`.

    Args:
        at: which AWS; the environment's when None.
    """
    return _client(service, at, os.getpid())


def forget() -> None:
    """Drop the clients made so far; the next ones read the environment anew."""
    _client.cache_clear()
    _session.cache_clear()


def warm_up(services: Sequence[str]) -> None:
    """Load the services' models once, for processes forked from this one.

    A client costs 0.1 s of reading JSON with a session of its own and 4 ms with a warm one.
    """
    for service in services:
        client(service)


@cache
def _client(service: str, at: AwsAddress | None, _process_id: int) -> Any:
    where = at.arguments(service) if at else {}
    with _SESSION_LOCK:  # a session may be used by one thread at a time
        make: Any = _session().client
        return make(service, config=client_config(service), **where)


@cache
def _session() -> Session:
    """The one session. It holds models and credentials and no socket: a fork may share it."""
    import boto3

    return boto3.session.Session()


def client_config(service: str) -> Config:
    """Return the transport settings of a service's client."""
    from botocore.config import Config

    settings: dict[str, Any] = {
        "retries": {"mode": "standard", "total_max_attempts": 6},
        "max_pool_connections": CONNECTIONS,
        "connect_timeout": 5,
        "read_timeout": 70,
        "tcp_keepalive": True,
    }
    settings.update(_OVERRIDES.get(service, {}))
    return Config(**settings)
