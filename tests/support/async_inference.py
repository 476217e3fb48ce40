"""An asynchronous endpoint of the fixture program, with short words for what tests do to it."""

from typing import Any

from botocore.exceptions import ClientError

from tests.support.local_aws import LocalAws
from tests.support.sagemaker import JSON_LINES, Bucket, SageMaker, eventually, unique

VARIANT = "AllTraffic"


class AsyncEndpoint:
    """One endpoint; payloads, answers and failures lie in one bucket."""

    def __init__(self, stack: LocalAws, bucket: Bucket) -> None:
        self.bucket = bucket
        self.name = unique("async")
        self._connect(stack)

    def _connect(self, stack: LocalAws) -> None:
        self.sagemaker = SageMaker(stack)
        # what a client would refuse by itself must reach the service
        self.runtime = stack.client(
            "sagemaker-runtime", retries={"max_attempts": 0}, parameter_validation=False
        )
        self.scaling = stack.client("application-autoscaling")
        self.cloudwatch = stack.client("cloudwatch")
        self.s3 = stack.client("s3")
        self._unchecked = stack.client("sagemaker", parameter_validation=False)

    def on(self, stack: LocalAws) -> "AsyncEndpoint":
        """The same endpoint after a restart of the stack."""
        self._connect(stack)
        return self

    @property
    def resource_id(self) -> str:
        return f"endpoint/{self.name}/variant/{VARIANT}"

    def create(
        self,
        instances: int = 1,
        concurrency: int = 1,
        topics: dict[str, str] | None = None,
        **environment: str,
    ) -> None:
        """Make it, and wait until it is in service."""
        client = self._unchecked
        output: dict[str, Any] = {
            "S3OutputPath": self.bucket.uri(f"{self.name}/out"),
            "S3FailurePath": self.bucket.uri(f"{self.name}/failed"),
        }
        if topics:
            output["NotificationConfig"] = topics
        client.create_endpoint_config(
            EndpointConfigName=self.name,
            ProductionVariants=[
                {
                    "VariantName": VARIANT,
                    "ModelName": self.sagemaker.create_model(**environment),
                    "InstanceType": "ml.g4dn.xlarge",
                    "InitialInstanceCount": instances,
                }
            ],
            AsyncInferenceConfig={
                "OutputConfig": output,
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": concurrency},
            },
        )
        client.create_endpoint(EndpointName=self.name, EndpointConfigName=self.name)
        assert self.sagemaker.settled(self.name)["EndpointStatus"] == "InService"

    def invoke(self, body: bytes, **options: Any) -> dict[str, Any]:
        """Upload a payload and send a request for it."""
        key = f"{self.name}/in/{unique('payload')}.jsonl"
        return self.invoke_uri(self.bucket.put(key, body), **options)

    def invoke_uri(self, uri: str, **options: Any) -> dict[str, Any]:
        return dict(
            self.runtime.invoke_endpoint_async(
                EndpointName=self.name, InputLocation=uri, ContentType=JSON_LINES, **options
            )
        )

    def set_instances(self, count: int) -> None:
        """Set the desired count once no change is in progress."""
        self.sagemaker.settled(self.name)
        self.sagemaker.client.update_endpoint_weights_and_capacities(
            EndpointName=self.name,
            DesiredWeightsAndCapacities=[
                {"VariantName": VARIANT, "DesiredInstanceCount": count},
            ],
        )

    def variant(self) -> dict[str, Any]:
        """The variant's part of DescribeEndpoint."""
        described = self.sagemaker.client.describe_endpoint(EndpointName=self.name)
        (variant,) = described["ProductionVariants"]
        return dict(variant)

    def in_backlog(self) -> bool:
        """Whether a container has been given a request, by its metric of time in the backlog."""
        answer = self.cloudwatch.list_metrics(
            Namespace="AWS/SageMaker",
            MetricName="TimeInBacklog",
            Dimensions=[{"Name": "EndpointName", "Value": self.name}],
        )
        return bool(answer["Metrics"])


def scaled(endpoint: AsyncEndpoint, count: int, timeout_s: float = 120.0) -> dict[str, Any]:
    """Wait until the variant has ``count`` instances; return its description."""

    def probe() -> dict[str, Any] | None:
        variant = endpoint.variant()
        return variant if variant["CurrentInstanceCount"] == count else None

    return dict(eventually(probe, timeout_s))


def object_at(s3: Any, uri: str) -> bytes | None:
    """The object, or None while there is none."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
