"""Success and error notifications of asynchronous requests, over SNS."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local_aws.sagemaker.async_inference.async_queue import AsyncRequest
from local_aws.sagemaker.container.model_server import Exchange
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.settings import Settings

_LOG = logging.getLogger(__name__)


class Notifier:
    """Publishes to the topics of an endpoint's configuration.

    The message is the one that "Check prediction results" of the SageMaker Developer Guide shows.
    """

    def __init__(self, platform: Platform, config: dict[str, Any] | None = None) -> None:
        self._platform = platform
        self._config = config or {}
        self._client = sns_client(platform.settings) if self._config else None

    async def succeeded(self, request: AsyncRequest, exchange: Exchange) -> None:
        """Say where the answer stands."""
        response = {
            "contentType": exchange.headers.get("Content-Type", ""),
            "outputLocation": request.output_location,
        }
        extra = {"invocationStatus": "Completed", "responseParameters": response}
        await self._publish(self._config.get("SuccessTopic"), request, extra)

    async def failed(self, request: AsyncRequest, reason: str) -> None:
        """Say why there is no answer."""
        extra: dict[str, Any] = {"invocationStatus": "Failed", "failureReason": reason}
        if request.failure_location:
            extra["responseParameters"] = {"outputLocation": request.failure_location}
        await self._publish(self._config.get("ErrorTopic"), request, extra)

    async def _publish(
        self, topic: str | None, request: AsyncRequest, extra: dict[str, Any]
    ) -> None:
        if topic is None or self._client is None:
            return
        message = {
            "awsRegion": self._platform.settings.region,
            "eventTime": _timestamp(datetime.now(UTC)),
            "receivedTime": _timestamp(datetime.fromtimestamp(request.received_s, UTC)),
            **extra,
            "requestParameters": {
                "contentType": request.headers.get("Content-Type", ""),
                "endpointName": request.endpoint,
                "inputLocation": request.input_location,
            },
            "inferenceId": request.inference_id,
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
        }
        try:
            await self._platform.s3.in_thread(self._send, topic, json.dumps(message))
        except (BotoCoreError, ClientError) as error:
            _LOG.warning("No notification of %s to %s: %s", request.inference_id, topic, error)

    def _send(self, topic: str, message: str) -> None:
        if self._client is not None:
            self._client.publish(TopicArn=topic, Message=message)


def sns_client(settings: Settings) -> Any:
    """A client of the embedded account's SNS."""
    return boto3.client(
        "sns",
        endpoint_url=settings.aws_endpoint_url,
        region_name=settings.region,
        aws_access_key_id=settings.client_environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings.client_environment["AWS_SECRET_ACCESS_KEY"],
    )


def _timestamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
