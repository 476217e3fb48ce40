"""What the asynchronous endpoint's lane needs of SageMaker, as a contract.

The contract suite is `tests/contract/lanes/test_async_endpoint.py`; fake and adapter both pass it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from include.domain.model_ref import ModelRef


@dataclass(frozen=True, slots=True)
class EndpointReadiness:
    """Whether requests may be sent.

    Attributes:
        name: the endpoint.
        is_ready: it is in service, at whatever number of instances, and scales by itself.
        message: one line on where it stands.
    """

    name: str
    is_ready: bool
    message: str


@dataclass(frozen=True, slots=True)
class AcceptedRequest:
    """A request in the endpoint's queue.

    Attributes:
        output_uri: where the answer will stand.
        failure_uri: where the reason will stand if it fails.
    """

    inference_id: str
    output_uri: str
    failure_uri: str


class AsyncEndpoint(Protocol):
    """A SageMaker asynchronous endpoint that answers JSON Lines, one object a request."""

    def endpoint_name(self, model: ModelRef) -> str:
        """Return the name of the version's endpoint, whether it stands or not."""
        ...

    def prepare(self, model: ModelRef, *, artifact_url: str) -> EndpointReadiness:
        """Make the version's endpoint where there is none, and see that it scales; never waits.

        Idempotent: call it again until it is ready.

        Raises:
            EndpointUnavailable: SageMaker refuses, or the model does not start.
        """
        ...

    def send(self, endpoint_name: str, input_uri: str, *, inference_id: str) -> AcceptedRequest:
        """Put one object's request into the queue. Twice is two requests.

        Raises:
            EndpointUnavailable: there is no such endpoint, or it goes on refusing.
        """
        ...

    def longest_wait_s(self) -> float:
        """Return the seconds after which a request without an end is lost."""
        ...

    def idle_since(self, endpoint_name: str, now: datetime) -> datetime | None:
        """Return since when the queue is known to be empty, by whole minutes of metrics.

        None where it is not, or was for less than two minutes, or the metrics do not say: then
        a request without an end may still be at work.
        """
        ...

    def instance_count(self, endpoint_name: str) -> int:
        """Return the instances in service now; 0 where there is no such endpoint."""
        ...

    def grow(self, endpoint_name: str, instances: int) -> bool:
        """Ask for so many instances now, without waiting for the scaling to see the need.

        Its scaling takes them back when there is nothing to do.

        Returns:
            Whether it was asked for; False while the endpoint changes and cannot be asked.

        Raises:
            EndpointUnavailable: there is no such endpoint, or SageMaker refuses.
        """
        ...

    def answered_count(self, endpoint_name: str, since: datetime, until: datetime) -> int:
        """Return how many requests of any sender the endpoint has processed, as far as is known.

        The service's metrics are late by a minute: a recent count is short.
        """
        ...
