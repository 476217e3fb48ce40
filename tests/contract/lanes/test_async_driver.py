"""The asynchronous lane on SageMaker: at once, from zero, over a death of the service."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from include.adapters.aws.cloud_stack import apply_stack
from include.adapters.aws.sagemaker.async_endpoint.async_endpoint import SageMakerAsyncEndpoint
from include.adapters.aws.sagemaker.async_endpoint.async_metrics import EndpointMetrics
from include.adapters.aws.sagemaker.async_endpoint.async_provision import AsyncEndpoints, AsyncSize
from include.adapters.aws.sagemaker.async_endpoint.async_scaling import EndpointScaling, ScalingRule
from include.domain.lanes import Lane
from include.pipeline.lanes.async_endpoint.records import AsyncRecords
from include.pipeline.lanes.async_endpoint.run_async import AsyncDriver
from tests.support.cloud import TEMPLATE
from tests.support.local_aws import LocalAws, running_local_aws
from tests.support.placed_batch import SITE, PlacedBatch
from tests.support.sagemaker import eventually


class AsyncBatch(PlacedBatch):
    """A batch on the asynchronous lane; every look is made by a fresh driver."""

    def endpoint(self) -> SageMakerAsyncEndpoint:
        cloudwatch = self.cloud.client("cloudwatch")
        rule = ScalingRule(max_instances=2, backlog_per_instance=2.0)
        scaling = EndpointScaling(self.cloud.client("application-autoscaling"), cloudwatch, rule)
        size = AsyncSize("ml.g4dn.xlarge", 1, "s3://twolane-work/async/")
        control = self.cloud.client("sagemaker")
        endpoints = AsyncEndpoints(control, scaling, site=SITE, size=size)
        runtime = self.cloud.client("sagemaker-runtime", retries={"total_max_attempts": 1})
        return SageMakerAsyncEndpoint(endpoints, runtime, EndpointMetrics(cloudwatch))

    @property
    def name(self) -> str:
        return self.endpoint().endpoint_name(self.model)

    def driver(self) -> AsyncDriver:
        return AsyncDriver(
            self.layout,
            profile=self.profile(),
            objects=self.objects,
            registry=self.registry,
            endpoint=self.endpoint(),
            now=lambda: datetime.now(UTC),
        )

    def attempts(self) -> list[int]:
        """How often each shard was sent again."""
        sent = AsyncRecords(self.objects, self.layout).sent()
        return [sent[index].attempt for index in sorted(sent)]

    def send_all(self) -> None:
        """Drive until every shard's request is in the queue."""

        def is_sent() -> bool:
            self.driver().advance()
            return len(self.attempts()) == len(self.counts)

        eventually(is_sent)

    def set_instances(self, count: int) -> None:
        client = self.cloud.client("sagemaker")

        def is_settled() -> bool:
            found = client.describe_endpoint(EndpointName=self.name)
            return bool(found["EndpointStatus"] == "InService")

        eventually(is_settled)
        client.update_endpoint_weights_and_capacities(
            EndpointName=self.name,
            DesiredWeightsAndCapacities=[{"VariantName": "all", "DesiredInstanceCount": count}],
        )
        eventually(lambda: self.endpoint().instance_count(self.name) == count)


def reach(batch: AsyncBatch, cloud: LocalAws) -> None:
    """Go on with a batch on another stack that has its state."""
    from include.adapters.aws.s3.object_store import S3ObjectStore
    from include.pipeline.batch_objects.records import BatchRecords

    batch.cloud = cloud
    batch.objects = S3ObjectStore(cloud.client("s3"))
    batch.records = BatchRecords(batch.objects, batch.layout)


@pytest.fixture
def batch(cloud: LocalAws, tmp_path: Path) -> AsyncBatch:
    return AsyncBatch(cloud, Lane.ASYNC_ENDPOINT, (3, 1, 2), tmp_path)


def test_every_shard_is_answered_and_charged(batch: AsyncBatch) -> None:
    (run,) = batch.run()

    assert [answer["id"] for answer in batch.answered()] == batch.expected_ids()
    assert run.resource_id == batch.name
    assert run.billable_s is not None
    assert batch.driver().advance().is_done
    assert batch.attempts() == [0, 0, 0]


def test_a_batch_wakes_an_endpoint_that_sleeps(batch: AsyncBatch, tmp_path: Path) -> None:
    batch.run()
    batch.set_instances(0)
    late = AsyncBatch(batch.cloud, Lane.ASYNC_ENDPOINT, (2, 2), tmp_path)
    late.model = batch.model
    late.registry = batch.registry
    late._put_records(late._put_shards())

    late.run()

    assert [answer["id"] for answer in late.answered()] == late.expected_ids()
    assert late.attempts() == [0, 0]


def test_a_death_of_the_service_costs_no_request_and_sends_none_twice(tmp_path: Path) -> None:
    with running_local_aws(tmp_path) as first:
        apply_stack(first.client("cloudformation"), "twolane", TEMPLATE.read_text(), {})
        batch = AsyncBatch(first, Lane.ASYNC_ENDPOINT, (3, 1, 2), tmp_path)
        batch.endpoint().prepare(batch.model, artifact_url=batch.registry.artifact_url(batch.model))
        eventually(lambda: batch.endpoint().instance_count(batch.name) == 1)
        batch.set_instances(0)
        batch.send_all()
        children = psutil.Process(first.pid).children(recursive=True)
        os.kill(first.pid, signal.SIGKILL)
        psutil.wait_procs(children, timeout=20)

    with running_local_aws(tmp_path) as second:
        reach(batch, second)
        batch.run()

        assert [answer["id"] for answer in batch.answered()] == batch.expected_ids()
        assert batch.attempts() == [0, 0, 0]
