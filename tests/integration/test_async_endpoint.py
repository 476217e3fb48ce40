"""A batch on an asynchronous endpoint, through the real DAG."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.conftest import json_lines, sound
from tests.integration.test_document_inference import check_stores
from tests.support.local_aws import HANGS_AFTER_S
from tests.support.sagemaker import eventually


@pytest.fixture
def warm_endpoint(product: Any) -> Iterator[str]:
    """The champion's endpoint with an instance in service that stays; deleted afterwards."""
    from include.domain.lanes import Lane
    from include.wiring.batches.bootstrap import twolane

    profile = twolane().lanes.lanes[Lane.ASYNC_ENDPOINT]
    endpoint = twolane().async_endpoint(profile.instance_type, profile.max_instances)
    model = twolane().registry.resolve("news-topic", "champion")
    url = twolane().registry.artifact_url(model)
    eventually(lambda: endpoint.prepare(model, artifact_url=url).is_ready, HANGS_AFTER_S)
    name = endpoint.endpoint_name(model)
    product.aws.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{name}/variant/all",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        SuspendedState={"DynamicScalingInSuspended": True},
    )
    eventually(lambda: endpoint.instance_count(name) == 1, HANGS_AFTER_S)
    yield name
    sagemaker = product.aws.client("sagemaker")

    def is_settled() -> bool:
        return bool(sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService")

    eventually(is_settled)
    sagemaker.delete_endpoint(EndpointName=name)
    eventually(lambda: not sagemaker.list_endpoints(NameContains=name)["Endpoints"])


def test_a_warm_endpoint_takes_the_batch_and_answers_every_shard(
    product: Any, warm_endpoint: str
) -> None:
    outcome = product.infer(product.upload("news.jsonl", json_lines(*sound(30))))

    assert outcome.state == "success"
    assert outcome.batch["lane"] == "async_endpoint"
    assert outcome.tasks["async_endpoint"] == "success"
    check_stores(product, outcome, {f"d{number}" for number in range(30)})
    (charge,) = product.query(
        "SELECT * FROM charges WHERE x_batch_id = %s", outcome.batch["batch_id"]
    )
    assert charge["resource_id"] == warm_endpoint
    assert charge["x_billable_seconds"] > 0
