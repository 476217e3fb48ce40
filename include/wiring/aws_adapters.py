"""AWS's adapters, imported and built when they are first asked for."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from include.config import Settings

if TYPE_CHECKING:
    from include.adapters.aws.clients import AwsAddress
    from include.adapters.aws.cloudwatch.endpoint_alarms import EndpointAlarms
    from include.adapters.aws.sagemaker.async_endpoint.async_endpoint import SageMakerAsyncEndpoint
    from include.adapters.aws.sagemaker.sagemaker_models import ServingSite
    from include.adapters.aws.sagemaker.serverless.endpoint_provision import ServerlessEndpoints
    from include.adapters.aws.sagemaker.serverless.sagemaker_endpoint import (
        SageMakerServerlessEndpoint,
    )
    from include.domain.queues.lane_class import LaneClass
    from include.pipeline.alerts.ports import QueueGauges
    from include.pipeline.lanes.health_ports import LaneAlerts
    from include.pipeline.ports.objects import ObjectStore
    from include.pipeline.ports.remote_work import JobRunner
    from include.pipeline.ports.stores import WriteStore
    from include.pipeline.promotion.retire_versions import DeployedVersions
    from include.pipeline.queues.ports import Uploads
    from include.pipeline.queues.settle_message import Queues


class AwsAdapters:
    """S3, SQS, SNS, DynamoDB, CloudWatch and SageMaker, at one AWS."""

    settings: Settings
    aws: AwsAddress | None

    @cached_property
    def objects(self) -> ObjectStore:
        """S3."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.s3.object_store import S3ObjectStore

        return S3ObjectStore(client("s3", self.aws))

    @cached_property
    def uploads(self) -> Uploads:
        """The inbox bucket, in S3."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.s3.object_store import S3ObjectStore

        return S3ObjectStore(client("s3", self.aws))

    @cached_property
    def endpoint(self) -> SageMakerServerlessEndpoint:
        """SageMaker Serverless Inference."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.sagemaker.serverless.sagemaker_endpoint import (
            SageMakerServerlessEndpoint,
        )

        runtime = client("sagemaker-runtime", self.aws)
        return SageMakerServerlessEndpoint(self.serverless_endpoints, runtime)

    @cached_property
    def serverless_endpoints(self) -> ServerlessEndpoints:
        """Serverless endpoints, as large as the settings say."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.sagemaker.serverless.endpoint_provision import ServerlessEndpoints
        from include.adapters.aws.sagemaker.serverless.serverless_size import ServerlessSize

        size = ServerlessSize(
            memory_mb=self.settings.serverless_memory_mb,
            max_concurrency=self.settings.serverless_max_concurrency,
            provisioned_concurrency=self.settings.serverless_provisioned,
        )
        return ServerlessEndpoints(client("sagemaker", self.aws), site=self.site, size=size)

    def async_endpoint(self, instance_type: str, max_instances: int) -> SageMakerAsyncEndpoint:
        """SageMaker Asynchronous Inference, on instances from none to `max_instances`."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.sagemaker.async_endpoint.async_endpoint import (
            RequestPolicy,
            SageMakerAsyncEndpoint,
        )
        from include.adapters.aws.sagemaker.async_endpoint.async_metrics import EndpointMetrics
        from include.adapters.aws.sagemaker.async_endpoint.async_provision import (
            AsyncEndpoints,
            AsyncSize,
        )
        from include.adapters.aws.sagemaker.async_endpoint.async_scaling import (
            EndpointScaling,
            ScalingRule,
        )

        settings, cloudwatch = self.settings, client("cloudwatch", self.aws)
        rule = ScalingRule(
            max_instances=max_instances,
            backlog_per_instance=settings.async_backlog_per_instance,
            scale_out_cooldown_s=settings.async_scale_out_cooldown_s,
            scale_in_cooldown_s=settings.async_scale_in_cooldown_s,
            wake_cooldown_s=settings.async_wake_cooldown_s,
        )
        size = AsyncSize(
            instance_type=instance_type,
            concurrency=settings.async_concurrency,
            results_prefix=f"s3://{settings.work_bucket}/async/",
        )
        scaling = EndpointScaling(client("application-autoscaling", self.aws), cloudwatch, rule)
        endpoints = AsyncEndpoints(
            client("sagemaker", self.aws), scaling, site=self.site, size=size
        )
        policy = RequestPolicy(ttl_s=settings.async_ttl_s, timeout_s=settings.async_timeout_s)
        runtime = client("sagemaker-runtime", self.aws)
        metrics = EndpointMetrics(cloudwatch)
        return SageMakerAsyncEndpoint(endpoints, runtime, metrics, policy=policy)

    @cached_property
    def job_runner(self) -> JobRunner:
        """SageMaker Processing and Batch Transform."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.sagemaker.jobs.sagemaker_jobs import SageMakerJobRunner

        return SageMakerJobRunner(client("sagemaker", self.aws), self.site)

    @cached_property
    def site(self) -> ServingSite:
        """Where and as whom model code runs."""
        from include.adapters.aws.sagemaker.sagemaker_models import ServingSite

        settings = self.settings
        return ServingSite(
            image_uri=settings.serving_image,
            role_arn=settings.role_arn,
            gpu_image_uri=settings.gpu_image,
            endpoint_ami=settings.gpu_endpoint_ami,
            transform_ami=settings.gpu_transform_ami,
        )

    @cached_property
    def deployed_versions(self) -> DeployedVersions:
        """What SageMaker keeps of versions."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.sagemaker.async_endpoint.async_scaling import (
            EndpointScaling,
            ScalingRule,
        )
        from include.adapters.aws.sagemaker.deployed_versions import SageMakerDeployedVersions

        rule = ScalingRule(1, self.settings.async_backlog_per_instance)
        autoscaling = client("application-autoscaling", self.aws)
        scaling = EndpointScaling(autoscaling, client("cloudwatch", self.aws), rule)
        control = client("sagemaker", self.aws)
        return SageMakerDeployedVersions(control, scaling, self.endpoint_alarms)

    @cached_property
    def endpoint_alarms(self) -> EndpointAlarms:
        """Alarms of endpoints, in CloudWatch."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.cloudwatch.endpoint_alarms import AlarmLimits, EndpointAlarms

        limits = AlarmLimits(self.settings.alarm_error_rate, self.settings.alarm_latency_s)
        return EndpointAlarms(client("cloudwatch", self.aws), limits)

    @cached_property
    def write_store(self) -> WriteStore:
        """DynamoDB."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.dynamodb.write_store import DynamoWriteStore

        return DynamoWriteStore(client("dynamodb", self.aws), self.settings.predictions_table)

    @cached_property
    def lane_alerts(self) -> LaneAlerts:
        """Transitions of breakers, to SNS."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.messaging.lane_alerts import SnsLaneAlerts

        sns = partial(client, "sns", self.aws)
        return SnsLaneAlerts(sns, self.settings.lane_events_topic_arn)

    @cached_property
    def queue_gauges(self) -> QueueGauges:
        """Depth and age of queues, from SQS and CloudWatch."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.messaging.queue_gauges import SqsQueueGauges

        return SqsQueueGauges(client("sqs", self.aws), client("cloudwatch", self.aws))

    def queues(self, lane_class: LaneClass) -> Queues:
        """SQS: a queue and its dead letters."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.messaging.queues import SqsQueue
        from include.pipeline.queues.settle_message import Queues

        name = self.settings.queue_name(lane_class)
        sqs = client("sqs", self.aws)
        return Queues(SqsQueue(sqs, name), SqsQueue(sqs, f"{name}-dead"))
