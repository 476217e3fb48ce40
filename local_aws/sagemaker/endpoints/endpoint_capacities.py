"""Instance counts of asynchronous variants: UpdateEndpointWeightsAndCapacities."""

import dataclasses
from typing import Any

from local_aws.sagemaker.api.protocol import Handler
from local_aws.sagemaker.async_inference.async_fleet import AsyncFleet
from local_aws.sagemaker.container.model_server import ModelServerNotReadyError
from local_aws.sagemaker.endpoints.endpoints import COUNTS, Endpoints
from local_aws.sagemaker.errors import not_implemented, validation_exception
from local_aws.sagemaker.store import Record


@dataclasses.dataclass(frozen=True)
class Capacity:
    """A variant's instances, and whether they may be changed now."""

    desired: int
    current: int
    is_settled: bool


class EndpointCapacities:
    """Sets and tells how many instances a variant has."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints

    def handlers(self) -> dict[str, Handler]:
        """The operations this answers, by name."""
        return {"UpdateEndpointWeightsAndCapacities": self.update}

    async def update(self, request: dict[str, Any]) -> dict[str, Any]:
        """Set the instance counts; the endpoint is ``Updating`` until new instances are ready."""
        record = self._endpoints.find(request["EndpointName"])
        self._endpoints.refuse_in_progress(record)
        wanted: list[tuple[str, AsyncFleet, int]] = []
        for each in request["DesiredWeightsAndCapacities"]:
            name = each["VariantName"]
            if "DesiredInstanceCount" not in each:
                raise not_implemented("A change of weights")
            wanted.append((name, self._fleet(record, name), each["DesiredInstanceCount"]))
        for name, fleet, count in wanted:
            fleet.reserve(count)
            record.fields.setdefault(COUNTS, {})[name] = count
        record.fields.pop("FailureReason", None)
        self._endpoints.set_status(record, "Updating")
        self._endpoints.change(self._resize(record, [fleet for _, fleet, _ in wanted]))
        return {"EndpointArn": record.arn}

    def capacity(self, endpoint: str, variant: str) -> Capacity:
        """A variant's instances.

        Raises:
            ApiError: no such endpoint or variant, or not an asynchronous one.
        """
        record = self._endpoints.find(endpoint)
        counts = self._fleet(record, variant).describe()
        return Capacity(
            desired=counts["DesiredInstanceCount"],
            current=counts["CurrentInstanceCount"],
            is_settled=record.status == "InService",
        )

    def _fleet(self, record: Record, variant: str) -> AsyncFleet:
        deployment = self._endpoints.deployment(record.name)
        fleet = deployment.fleets.get(variant) if deployment is not None else None
        if fleet is None:
            raise validation_exception(
                f'Could not find variant "{variant}" for endpoint "{record.arn}".'
            )
        if not isinstance(fleet, AsyncFleet):
            raise not_implemented("Scaling a variant that is not asynchronous")
        return fleet

    async def _resize(self, record: Record, fleets: list[AsyncFleet]) -> None:
        try:
            for fleet in fleets:
                await fleet.resize()
        except ModelServerNotReadyError as error:
            self._endpoints.set_status(record, "InService", FailureReason=str(error))
        else:
            self._endpoints.set_status(record, "InService")
