"""Endpoints: create, update, delete, describe; and the deployment behind each.

::

    Creating ─▶ InService ─▶ Updating ─▶ InService      Deleting ─▶ (gone)
        └─▶ Failed              └─failure: the old deployment stays, InService with a reason

After a restart of the service an endpoint is ``SystemUpdating`` until its containers run again.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Coroutine
from typing import Any

from local_aws.sagemaker.api.listing import page
from local_aws.sagemaker.api.protocol import Handler
from local_aws.sagemaker.async_inference.async_inference import AsyncInference
from local_aws.sagemaker.clock import now_s
from local_aws.sagemaker.concurrency import cancelled
from local_aws.sagemaker.endpoints.deployment import Deployment, DeploymentFailedError
from local_aws.sagemaker.endpoints.endpoint_configs import find_endpoint_config
from local_aws.sagemaker.errors import ApiError, validation_exception
from local_aws.sagemaker.jobs.failure_reasons import shortened
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.store import Record

_LOG = logging.getLogger(__name__)
_KIND = "Endpoint"
_IN_PROGRESS = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
_S3_WAIT_S = 60.0
#: In an endpoint's record: instances by variant as they were set, for a restart of the service.
COUNTS = "InstanceCounts"


class Endpoints:
    """All endpoints, and the operations on them."""

    def __init__(self, platform: Platform, asynchronous: AsyncInference) -> None:
        self._platform = platform
        self._asynchronous = asynchronous
        self._deployments: dict[str, Deployment] = {}
        self._changes: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)

    def handlers(self) -> dict[str, Handler]:
        """The operations this answers, by name."""
        return {
            "CreateEndpoint": self.create,
            "DescribeEndpoint": self.describe,
            "ListEndpoints": self.list,
            "UpdateEndpoint": self.update,
            "DeleteEndpoint": self.delete,
        }

    def deployment(self, name: str) -> Deployment | None:
        """What serves ``name`` now, or None."""
        return self._deployments.get(name)

    def async_config(self, name: str) -> dict[str, Any]:
        """AsyncInferenceConfig of an endpoint that serves.

        Raises:
            ApiError: ValidationError, where there is no such endpoint, or not an asynchronous one.
        """
        deployment = self._deployments.get(name)
        if deployment is None:
            account = self._platform.settings.account_id
            raise ApiError("ValidationError", f"Endpoint {name} of account {account} not found.")
        if deployment.async_config is None:
            raise ApiError("ValidationError", f"Endpoint {name} is not an asynchronous endpoint.")
        return deployment.async_config

    def recover(self) -> None:
        """Bring the endpoints of the last run back."""
        for record in self._platform.store.of_kind(_KIND):
            if record.status == "Deleting":
                self._platform.store.delete(record)
            elif record.status != "Failed":
                self.set_status(record, "SystemUpdating")
                self.change(self._restart(record))

    async def close(self) -> None:
        """End every container; the endpoints remain on record."""
        await cancelled(self._changes)
        await asyncio.gather(*(deployment.stop() for deployment in self._deployments.values()))
        self._deployments.clear()

    async def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """Record an endpoint and start its containers."""
        name, platform = request["EndpointName"], self._platform
        arn = platform.settings.arn("endpoint", name)
        if platform.store.get(_KIND, name) is not None:
            raise validation_exception(f'Cannot create already existing endpoint "{arn}".')
        deployment = self._new_deployment(name, request["EndpointConfigName"])
        tags = request.pop("Tags", [])
        record = Record(_KIND, name, arn, now_s(), request, {})
        self.set_status(record, "Creating")
        platform.store.add_tags(arn, tags)
        self.change(self._deploy(record, deployment))
        return {"EndpointArn": arn}

    async def update(self, request: dict[str, Any]) -> dict[str, Any]:
        """Start the new configuration's containers, then move the traffic."""
        record = self.find(request["EndpointName"])
        self.refuse_in_progress(record)
        deployment = self._new_deployment(record.name, request["EndpointConfigName"])
        self.set_status(record, "Updating")
        self.change(self._deploy(record, deployment, request["EndpointConfigName"]))
        return {"EndpointArn": record.arn}

    async def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        """Stop an endpoint's containers, then forget it."""
        record = self.find(request["EndpointName"])
        self.refuse_in_progress(record)
        self.set_status(record, "Deleting")
        self.change(self._delete(record))
        return {}

    async def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """State and variants of an endpoint."""
        record = self.find(request["EndpointName"])
        deployment = self._deployments.get(record.name)
        answer = {**record.request, **record.fields, **_identity(record)}
        if deployment is not None:
            answer["ProductionVariants"] = deployment.describe()
            answer["AsyncInferenceConfig"] = deployment.async_config
        return answer

    async def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """Summaries of the endpoints that match."""
        chosen, token = page(self._platform.store.of_kind(_KIND), request)
        summaries = [{**record.fields, **_identity(record)} for record in chosen]
        return {"Endpoints": summaries, "NextToken": token}

    def _new_deployment(
        self, name: str, config_name: str, counts: dict[str, int] | None = None
    ) -> Deployment:
        config = find_endpoint_config(self._platform, config_name)
        folder = self._platform.settings.jobs_dir / "endpoint" / f"{name}.{next(self._numbers)}"
        return Deployment(self._platform, self._asynchronous, name, config, folder, counts or {})

    async def _deploy(
        self, record: Record, deployment: Deployment, new_config: str | None = None
    ) -> None:
        try:
            await deployment.start()
        except Exception as error:
            reason = str(error)
            if not isinstance(error, DeploymentFailedError):
                _LOG.exception("Unexpected error while deploying %s", record.name)
                reason = f"InternalServerError: {error!r}"
            is_serving = record.name in self._deployments
            status = "InService" if is_serving else "Failed"
            self.set_status(record, status, FailureReason=shortened(reason))
            return
        previous = self._deployments.get(record.name)
        self._deployments[record.name] = deployment
        if new_config is not None:
            record.request["EndpointConfigName"] = new_config
            record.fields.pop(COUNTS, None)
        record.fields.pop("FailureReason", None)
        self.set_status(record, "InService")
        if previous is not None:
            await previous.stop()

    async def _restart(self, record: Record) -> None:
        deadline = time.monotonic() + _S3_WAIT_S
        while not await self._platform.s3.is_reachable() and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
        try:
            config_name, counts = record.request["EndpointConfigName"], record.fields.get(COUNTS)
            deployment = self._new_deployment(record.name, config_name, counts)
        except ApiError as error:
            self.set_status(record, "Failed", FailureReason=error.message)
            return
        await self._deploy(record, deployment)

    async def _delete(self, record: Record) -> None:
        deployment = self._deployments.pop(record.name, None)
        if deployment is not None:
            await deployment.stop()
        self._asynchronous.queues.forget(record.name)
        self._platform.store.delete(record)

    def change(self, work: Coroutine[Any, Any, None]) -> None:
        """Carry out a change in the background; :meth:`close` cancels it."""

        async def logged() -> None:
            try:
                await work
            except Exception:
                _LOG.exception("Unexpected error in an endpoint's change")

        task = asyncio.create_task(logged())
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)

    def set_status(self, record: Record, status: str, **fields: Any) -> None:
        """Record an endpoint's state."""
        record.fields.update(fields, Status=status, LastModifiedTime=now_s())
        self._platform.store.save(record)
        _LOG.info("Endpoint %s: %s", record.name, status)

    def find(self, name: str) -> Record:
        """The endpoint's record.

        Raises:
            ApiError: ValidationException, in AWS's words.
        """
        record = self._platform.store.get(_KIND, name)
        if record is None:
            arn = self._platform.settings.arn("endpoint", name)
            raise validation_exception(f'Could not find endpoint "{arn}".')
        return record

    def refuse_in_progress(self, record: Record) -> None:
        """Raise a ValidationException while a change of the endpoint is in progress."""
        if record.status in _IN_PROGRESS:
            raise validation_exception(f'Cannot update in-progress endpoint "{record.arn}".')


def _identity(record: Record) -> dict[str, Any]:
    return {
        "EndpointName": record.name,
        "EndpointArn": record.arn,
        "EndpointStatus": record.status,
        "CreationTime": record.created_s,
    }
