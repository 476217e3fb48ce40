"""The composition root: builds adapters from settings and hands them to the use cases.

The orchestrator's shells call `twolane()` and one method a step. Nothing is built at import, and
each adapter is imported and built when a step first needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from include.config import LanesFile, Settings, load_lanes, load_settings
from include.domain.jobs import JobRef, JobStatus
from include.domain.lanes import Lane
from include.domain.manifests import BatchManifest, Submission
from include.domain.routing import Placement
from include.pipeline.batch_layout import BatchLayout
from include.pipeline.records import BatchRecords, Collection, LaneRun, Validation

if TYPE_CHECKING:
    from include.adapters.aws.sagemaker_models import ServingSite
    from include.adapters.postgres.database import Database
    from include.pipeline.collect_batch import CollectPorts
    from include.pipeline.load_batch import AheadLoader, Target
    from include.pipeline.nightly_inbox import WaitingBatch
    from include.pipeline.ports import (
        AccountDirectory,
        BatchClosure,
        DocumentReader,
        Endpoint,
        JobRunner,
        ModelRegistry,
        ObjectStore,
        QualityGate,
        ReadStore,
        WriteStore,
    )


def utc_now() -> datetime:
    """Return the time, timezone-aware."""
    return datetime.now(UTC)


class Twolane:
    """Every use case, wired to its adapters."""

    def __init__(
        self, settings: Settings, lanes: LanesFile, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.settings = settings
        self.lanes = lanes
        self._now = now

    def pull(self, submission: Submission, *, run_id: str) -> BatchManifest:
        """See `include.pipeline.pull_batch`."""
        from include.pipeline.pull_batch import PullPolicy, PullPorts, pull_batch

        policy = PullPolicy(
            allowed_buckets=self.settings.allowed,
            work_bucket=self.settings.work_bucket,
            shard_documents=self.settings.shard_documents,
            shard_characters=self.settings.shard_characters,
            deadline_s=self.lanes.deadline_s,
        )
        ports = PullPorts(self.objects, self.reader, self.registry, self.accounts, self.read_store)
        return pull_batch(submission, run_id=run_id, policy=policy, ports=ports)

    def validate(self, batch_id: str) -> Validation:
        """See `include.pipeline.validate_batch`."""
        from include.pipeline.validate_batch import validate_batch

        return validate_batch(
            self.layout(batch_id),
            objects=self.objects,
            registry=self.registry,
            gate=self.gate,
            read_store=self.read_store,
        )

    def route(self, batch_id: str) -> Placement:
        """See `include.pipeline.route_batch`."""
        from include.pipeline.route_batch import route_batch

        return route_batch(
            self.layout(batch_id),
            now=self._now(),
            profiles=self.lanes.profiles(),
            loading_documents_per_s=self.settings.loading_documents_per_s,
            objects=self.objects,
            read_store=self.read_store,
        )

    def placement(self, batch_id: str) -> Placement:
        """Return where a routed batch runs."""
        return BatchRecords(self.objects, self.layout(batch_id)).placement()

    def run_serverless(self, batch_id: str) -> LaneRun:
        """See `include.pipeline.run_serverless`."""
        from include.pipeline.run_serverless import InvocationPolicy, run_serverless

        return run_serverless(
            self.layout(batch_id),
            policy=InvocationPolicy(
                self.settings.serverless_documents_per_call,
                self.settings.serverless_concurrency,
            ),
            now=self._now,
            objects=self.objects,
            registry=self.registry,
            endpoint=self.endpoint,
        )

    def launch_job(self, batch_id: str, lane: Lane) -> JobRef:
        """See `include.pipeline.run_job.launch_or_adopt`."""
        from include.pipeline.run_job import launch_or_adopt

        return launch_or_adopt(
            self.layout(batch_id),
            lane=lane,
            objects=self.objects,
            registry=self.registry,
            runner=self.job_runner,
        )

    def observe_job(self, job: JobRef) -> JobStatus:
        """See `include.pipeline.run_job.observe`."""
        from include.pipeline.run_job import observe

        return observe(job, runner=self.job_runner)

    def job_time_limit_s(self, batch_id: str) -> int:
        """See `include.pipeline.run_job.max_runtime_s`."""
        from include.pipeline.run_job import max_runtime_s

        return max_runtime_s(self.placement(batch_id))

    def job_overruns(self, status: JobStatus, limit_s: int) -> bool:
        """See `include.pipeline.run_job.overruns`."""
        from include.pipeline.run_job import overruns

        return overruns(status, now=self._now(), max_runtime_s=limit_s)

    def stop_job(self, job: JobRef) -> None:
        """Stop a job; harmless when it has ended."""
        self.job_runner.stop(job)

    def record_job(self, batch_id: str, job: JobRef, status: JobStatus) -> None:
        """See `include.pipeline.run_job.record_run`."""
        from include.pipeline.run_job import record_run

        record_run(self.layout(batch_id), job, status, objects=self.objects)

    def ahead_loader(self, batch_id: str) -> AheadLoader:
        """See `include.pipeline.load_batch.AheadLoader`."""
        from include.pipeline.load_batch import AheadLoader

        targets = (self._dynamodb, self._aurora)
        return AheadLoader(self.layout(batch_id), targets, self._collect_ports)

    def collect(self, batch_id: str) -> Collection:
        """See `include.pipeline.collect_batch`."""
        from include.pipeline.collect_batch import collect_batch

        return collect_batch(self.layout(batch_id), ports=self._collect_ports)

    def load_write_store(self, batch_id: str) -> datetime:
        """Load DynamoDB; return when it was done."""
        return self._load(batch_id, self._dynamodb)

    def load_read_store(self, batch_id: str) -> datetime:
        """Load Aurora; return when it was done."""
        return self._load(batch_id, self._aurora)

    def _load(self, batch_id: str, target: Target) -> datetime:
        from include.pipeline.load_batch import load_batch

        load_batch(self.layout(batch_id), target, objects=self.objects)
        return self._now()

    @cached_property
    def _collect_ports(self) -> CollectPorts:
        from include.pipeline.collect_batch import CollectPorts

        return CollectPorts(self.objects, self.registry, self.gate, self.read_store)

    @cached_property
    def _dynamodb(self) -> Target:
        from include.pipeline.load_batch import Target

        return Target("dynamodb", self.write_store.put)

    @cached_property
    def _aurora(self) -> Target:
        from include.pipeline.load_batch import Target

        return Target("aurora", self.read_store.load_predictions)

    def close(self, batch_id: str, *, loaded_at: datetime) -> BatchClosure:
        """See `include.pipeline.close_batch`."""
        from include.pipeline.close_batch import ClosePorts, close_batch

        return close_batch(
            self.layout(batch_id),
            loaded_at=loaded_at,
            profiles=self.lanes.profiles(),
            is_emulated=self.settings.is_emulated,
            ports=ClosePorts(self.objects, self.gate, self.read_store, self.write_store),
        )

    def fail(self, batch_id: str, message: str) -> None:
        """See `include.pipeline.close_batch.fail_batch`."""
        from include.pipeline.close_batch import fail_batch

        fail_batch(
            self.layout(batch_id),
            message,
            now=self._now(),
            objects=self.objects,
            read_store=self.read_store,
        )

    def find_nightly(self) -> list[WaitingBatch]:
        """See `include.pipeline.nightly_inbox.find_waiting`."""
        from include.pipeline.nightly_inbox import find_waiting

        return find_waiting(
            self.settings.inbox_bucket,
            join_bytes=self.settings.nightly_join_bytes,
            objects=self.objects,
        )

    def archive_nightly(self, uris: Sequence[str]) -> None:
        """See `include.pipeline.nightly_inbox.archive`."""
        from include.pipeline.nightly_inbox import archive

        archive(uris, inbox_bucket=self.settings.inbox_bucket, objects=self.objects)

    def layout(self, batch_id: str) -> BatchLayout:
        """Return where a batch's objects stand."""
        return BatchLayout(self.settings.work_bucket, batch_id)

    @cached_property
    def objects(self) -> ObjectStore:
        """S3."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.object_store import S3ObjectStore

        return S3ObjectStore(client("s3"))

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
    def endpoint(self) -> Endpoint:
        """SageMaker Serverless Inference."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.endpoint_provision import ServerlessEndpoints, ServerlessSize
        from include.adapters.aws.sagemaker_endpoint import SageMakerServerlessEndpoint

        size = ServerlessSize(
            memory_mb=self.settings.serverless_memory_mb,
            max_concurrency=self.settings.serverless_max_concurrency,
            provisioned_concurrency=self.settings.serverless_provisioned,
        )
        endpoints = ServerlessEndpoints(client("sagemaker"), site=self.site, size=size)
        return SageMakerServerlessEndpoint(endpoints, client("sagemaker-runtime"))

    @cached_property
    def job_runner(self) -> JobRunner:
        """SageMaker Processing and Batch Transform."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.sagemaker_jobs import SageMakerJobRunner

        return SageMakerJobRunner(client("sagemaker"), self.site)

    @cached_property
    def site(self) -> ServingSite:
        """Where and as whom model code runs."""
        from include.adapters.aws.sagemaker_models import ServingSite

        return ServingSite(image_uri=self.settings.serving_image, role_arn=self.settings.role_arn)

    @cached_property
    def write_store(self) -> WriteStore:
        """DynamoDB."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.write_store import DynamoWriteStore

        return DynamoWriteStore(client("dynamodb"), self.settings.predictions_table)

    @cached_property
    def read_store(self) -> ReadStore:
        """Aurora PostgreSQL."""
        from include.adapters.postgres.read_store import PostgresReadStore

        return PostgresReadStore(self.database)

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


@cache
def twolane() -> Twolane:
    """Return the process's one composition, made from the environment."""
    settings = load_settings()
    return Twolane(settings, load_lanes(settings.lanes_file))
