"""Every adapter of the product, imported and built when it is first asked for.

A task uses two or three of them; the others' libraries are never loaded there.
"""

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
    from include.adapters.postgres.database import Database
    from include.adapters.postgres.money.usage_book import PostgresUsageBook
    from include.domain.queues.lane_class import LaneClass
    from include.pipeline.alerts.ports import AlertBook, QueueGauges
    from include.pipeline.comparison.ports import ComparisonBook
    from include.pipeline.curves.ports import CurveBook
    from include.pipeline.lanes.health_ports import LaneAlerts, LaneHealthStore
    from include.pipeline.money.budget_gate import BudgetBook
    from include.pipeline.ports.directories import AccountDirectory, ModelRegistry
    from include.pipeline.ports.objects import DocumentReader, ObjectStore
    from include.pipeline.ports.quality import QualityGate
    from include.pipeline.ports.remote_work import JobRunner
    from include.pipeline.ports.stores import ReadStore, WriteStore
    from include.pipeline.promotion.promotion_ports import AliasRegistry, PromotionBook
    from include.pipeline.promotion.retire_versions import DeployedVersions, VersionUsage
    from include.pipeline.queues.ports import QueueLedger, Uploads
    from include.pipeline.queues.settle_message import Queues
    from include.pipeline.reconciliation.reconcile_ports import ProofBook


class Adapters:
    """The ports of `include.pipeline.ports`, each on its adapter.

    Args:
        aws: which AWS; the environment's when None.
    """

    def __init__(self, settings: Settings, aws: AwsAddress | None = None) -> None:
        self.settings = settings
        self.aws = aws

    @cached_property
    def objects(self) -> ObjectStore:
        """S3."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.s3.object_store import S3ObjectStore

        return S3ObjectStore(client("s3", self.aws))

    @cached_property
    def reader(self) -> DocumentReader:
        """Batch files."""
        from include.adapters.document_files import DocumentFileReader

        return DocumentFileReader(max_line_bytes=self.settings.max_line_bytes)

    @cached_property
    def gate(self) -> QualityGate:
        """Great Expectations."""
        from include.adapters.quality import GreatExpectationsGate

        return GreatExpectationsGate(max_document_characters=self.settings.max_document_characters)

    @cached_property
    def registry(self) -> ModelRegistry:
        """MLflow."""
        from include.adapters.mlflow_registry import MlflowModelRegistry

        return MlflowModelRegistry(self.settings.mlflow_tracking_uri)

    @cached_property
    def aliases(self) -> AliasRegistry:
        """MLflow's aliases and tags."""
        from include.adapters.mlflow_aliases import MlflowAliases

        return MlflowAliases(self.settings.mlflow_tracking_uri)

    @cached_property
    def promotions(self) -> PromotionBook:
        """The history of champions, in Aurora."""
        from include.adapters.postgres.models.promotion_book import PostgresPromotionBook

        return PostgresPromotionBook(self.database)

    @cached_property
    def curve_book(self) -> CurveBook:
        """What lanes took, and their curves, in Aurora."""
        from include.adapters.postgres.lanes.curve_book import PostgresCurveBook

        return PostgresCurveBook(self.database)

    @cached_property
    def version_usage(self) -> VersionUsage:
        """Versions that batches use, in Aurora."""
        from include.adapters.postgres.models.version_usage import PostgresVersionUsage

        return PostgresVersionUsage(self.database)

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
    def write_store(self) -> WriteStore:
        """DynamoDB."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.dynamodb.write_store import DynamoWriteStore

        return DynamoWriteStore(client("dynamodb", self.aws), self.settings.predictions_table)

    @cached_property
    def read_store(self) -> ReadStore:
        """Aurora PostgreSQL."""
        from include.adapters.postgres.batches.read_store import PostgresReadStore

        return PostgresReadStore(self.database)

    @cached_property
    def lane_health(self) -> LaneHealthStore:
        """Circuit breakers, in Aurora."""
        from include.adapters.postgres.lanes.lane_health import PostgresLaneHealth

        return PostgresLaneHealth(self.database)

    @cached_property
    def lane_alerts(self) -> LaneAlerts:
        """Transitions of breakers, to SNS."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.messaging.lane_alerts import SnsLaneAlerts

        sns = partial(client, "sns", self.aws)
        return SnsLaneAlerts(sns, self.settings.lane_events_topic_arn)

    @cached_property
    def queue_ledger(self) -> QueueLedger:
        """Requests that came by queues, in Aurora."""
        from include.adapters.postgres.batches.queue_ledger import PostgresQueueLedger

        return PostgresQueueLedger(self.database)

    @cached_property
    def uploads(self) -> Uploads:
        """The inbox bucket, in S3."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.s3.object_store import S3ObjectStore

        return S3ObjectStore(client("s3", self.aws))

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

    @cached_property
    def book(self) -> ProofBook:
        """Proofs, in Aurora."""
        from include.adapters.postgres.batches.proof_book import PostgresProofBook

        return PostgresProofBook(self.database)

    @cached_property
    def comparisons(self) -> ComparisonBook:
        """Comparisons of two versions, in Aurora."""
        from include.adapters.postgres.models.comparison_book import PostgresComparisonBook

        return PostgresComparisonBook(self.database)

    @cached_property
    def budget_book(self) -> BudgetBook:
        """Budgets of accounts, in Aurora."""
        from include.adapters.postgres.money.budget_book import PostgresBudgetBook

        return PostgresBudgetBook(self.database)

    @cached_property
    def alert_book(self) -> AlertBook:
        """What people should hear of, in Aurora."""
        from datetime import timedelta

        from include.adapters.postgres.alerts.alert_book import PostgresAlertBook

        quiet = timedelta(seconds=self.settings.alert_quiet_s)
        return PostgresAlertBook(self.database, quiet=quiet)

    @cached_property
    def usage_book(self) -> PostgresUsageBook:
        """Charges beside lanes, and sums of all, in Aurora."""
        from include.adapters.postgres.money.usage_book import PostgresUsageBook

        return PostgresUsageBook(self.database)

    @cached_property
    def accounts(self) -> AccountDirectory:
        """Accounts, in Aurora."""
        from include.adapters.postgres.accounts import PostgresAccountDirectory

        return PostgresAccountDirectory(self.database)

    @cached_property
    def database(self) -> Database:
        """The product's database, one connection a process."""
        from include.adapters.postgres.database import Database

        return Database(self.settings.database_url.get_secret_value())
