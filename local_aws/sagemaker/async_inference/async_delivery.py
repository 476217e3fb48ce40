"""Carry out one asynchronous request: fetch its payload, invoke, leave an answer or a failure."""

import asyncio
import shutil
import time
import uuid
from pathlib import Path

import aiohttp

from local_aws.sagemaker.async_inference.async_metrics import AsyncMetrics
from local_aws.sagemaker.async_inference.async_notifications import Notifier
from local_aws.sagemaker.async_inference.async_queue import AsyncRequest, Ticket
from local_aws.sagemaker.container.model_server import Exchange, ModelServer
from local_aws.sagemaker.endpoints.endpoint_instances import VariantSpec
from local_aws.sagemaker.errors import JobFailedError
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.s3io import S3Object, split_uri

MAX_PAYLOAD_BYTES = 2**30
_MAX_DEATHS = 3
_EXCERPT_BYTES = 1024


class InstanceLostError(Exception):
    """The instance died under the request, which has no end yet."""


class RequestFailedError(Exception):
    """The request's end is a failure; the text says why, in AWS's words."""


class Delivery:
    """Requests of one variant, from payload to end."""

    def __init__(
        self, platform: Platform, spec: VariantSpec, metrics: AsyncMetrics, notifier: Notifier
    ) -> None:
        self._platform = platform
        self._spec = spec
        self._metrics = metrics
        self._notifier = notifier

    async def deliver(self, ticket: Ticket, server: ModelServer) -> None:
        """Bring one request to its end.

        Raises:
            InstanceLostError: the instance died; another may take the request.
        """
        request, dimensions = ticket.request, self._spec.dimensions
        start_s = time.time()
        waited_s = start_s - request.received_s
        self._metrics.add(dimensions, "TimeInBacklog", waited_s * 1000, "Milliseconds")
        folder = self._spec.folder / "requests" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        try:
            if waited_s > request.ttl_s:
                self._metrics.count(dimensions, "ExpiredRequests")
                raise RequestFailedError(
                    f"The request was {waited_s:.0f} s in the queue, over its RequestTTLSeconds "
                    f"of {request.ttl_s:.0f}."
                )
            exchange = await self._invoke(ticket, server, folder)
            await self._upload(folder / "answer", request)
            await self._notifier.succeeded(request, exchange)
            self._metrics.count(dimensions, "InvocationFailures", 0)
        except RequestFailedError as failure:
            await self._fail(request, str(failure))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        total_ms = (time.time() - request.received_s) * 1000
        self._metrics.count(dimensions, "InvocationsProcessed")
        self._metrics.add(dimensions, "TotalProcessingTime", total_ms, "Milliseconds")

    async def _invoke(self, ticket: Ticket, server: ModelServer, folder: Path) -> Exchange:
        request, dimensions = ticket.request, self._spec.dimensions
        await self._download(request, folder / "payload")
        try:
            exchange = await server.exchange(
                folder / "payload", folder / "answer", request.headers, request.timeout_s
            )
        except TimeoutError as error:
            self._metrics.count(dimensions, "Invocation5XXErrors")
            raise RequestFailedError(
                f"The container did not answer within InvocationTimeoutSeconds, "
                f"{request.timeout_s:.0f} s."
            ) from error
        except aiohttp.ClientError as error:
            ticket.deaths += 1
            if ticket.deaths < _MAX_DEATHS:
                raise InstanceLostError(f"{request.inference_id}: {error!r}") from error
            raise RequestFailedError(
                f"{_MAX_DEATHS} instances in a row failed under this request: {error!r}"
            ) from error
        is_4xx, is_5xx = 400 <= exchange.status < 500, exchange.status >= 500
        self._metrics.count(dimensions, "Invocation4XXErrors", int(is_4xx))
        self._metrics.count(dimensions, "Invocation5XXErrors", int(is_5xx))
        self._metrics.add(dimensions, "ModelLatency", exchange.seconds * 1e6, "Microseconds")
        if not 200 <= exchange.status < 300:
            side = "client" if is_4xx else "server"
            with (folder / "answer").open("rb") as stream:
                text = stream.read(_EXCERPT_BYTES).decode("utf-8", "replace")
            raise RequestFailedError(
                f'Received {side} error ({exchange.status}) from primary with message "{text}". '
                f"See /aws/sagemaker/Endpoints/{request.endpoint} in account "
                f"{self._platform.settings.account_id} for more information."
            )
        return exchange

    async def _download(self, request: AsyncRequest, path: Path) -> None:
        bucket, key = split_uri(request.input_location)
        start = time.perf_counter()
        try:
            await self._platform.s3.download(S3Object(bucket, key, key), path)
        except JobFailedError as failure:
            self._metrics.count(self._spec.dimensions, "RequestDownloadFailures")
            raise RequestFailedError(failure.reason) from failure
        seconds = time.perf_counter() - start
        dimensions = self._spec.dimensions
        self._metrics.add(dimensions, "RequestDownloadLatency", seconds * 1e6, "Microseconds")
        if path.stat().st_size > MAX_PAYLOAD_BYTES:
            raise RequestFailedError(
                f"The payload {request.input_location} of {path.stat().st_size} bytes is over the "
                f"limit of {MAX_PAYLOAD_BYTES} bytes."
            )

    async def _upload(self, path: Path, request: AsyncRequest) -> None:
        start = time.perf_counter()
        try:
            await self._platform.s3.upload(path, request.output_location)
        except JobFailedError as failure:
            self._metrics.count(self._spec.dimensions, "ResponseUploadFailures")
            raise RequestFailedError(failure.reason) from failure
        seconds = time.perf_counter() - start
        dimensions = self._spec.dimensions
        self._metrics.add(dimensions, "ResponseUploadLatency", seconds * 1e6, "Microseconds")

    async def _fail(self, request: AsyncRequest, reason: str) -> None:
        """Leave the failure where the request's sender looks for it."""
        self._metrics.count(self._spec.dimensions, "InvocationFailures")
        if request.failure_location:
            folder = self._spec.folder / "requests" / uuid.uuid4().hex
            folder.mkdir(parents=True)
            try:
                (folder / "failure").write_text(reason)
                await self._put_failure(folder / "failure", request.failure_location)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        await self._notifier.failed(request, reason)

    async def _put_failure(self, path: Path, uri: str) -> None:
        """Try until S3 takes it: a request without any end would be waited for in vain."""
        while True:
            try:
                await self._platform.s3.upload(path, uri)
            except JobFailedError:
                await asyncio.sleep(1.0)
            else:
                return
