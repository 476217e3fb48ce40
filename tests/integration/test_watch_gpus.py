"""A run of `watch_gpus`: it waits, finds an idle GPU endpoint, and takes it to zero."""

from __future__ import annotations

import pytest

from tests.integration.conftest import Product, forget_settings
from tests.support.sagemaker import Bucket, SageMaker, eventually, unique

NAME = "twolane-watched-v1-async"
SHORT = {
    "TWOLANE_GPU_WATCH_S": "3",
    "TWOLANE_GPU_IDLE_S": "4",
    "TWOLANE_GPU_QUIET_IDLE_S": "4",
    "TWOLANE_GPU_WARM_UP_S": "1",
    "TWOLANE_GPU_METRIC_PERIOD_S": "2",
    "TWOLANE_GPU_IDLE_UTILISATION": "0.3",
    "TWOLANE_ORPHAN_GRACE_S": "0.1",
}


@pytest.fixture
def endpoint(product: Product, monkeypatch: pytest.MonkeyPatch) -> SageMaker:
    """An asynchronous endpoint on a GPU whose version nobody registered; short times."""
    from include.wiring.gpus import gpu_watch, gpu_watch_at

    for name, value in SHORT.items():
        monkeypatch.setenv(name, value)
    sagemaker, bucket = SageMaker(product.aws), Bucket(product.aws, unique("watched"))
    variant = {
        "VariantName": "all",
        "ModelName": sagemaker.create_model(),
        "InstanceType": "ml.g4dn.xlarge",
        "InitialInstanceCount": 1,
    }
    sagemaker.client.create_endpoint_config(
        EndpointConfigName=NAME,
        ProductionVariants=[variant],
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": bucket.uri("answers")}},
    )
    tags = [{"Key": "twolane:product", "Value": "twolane"}]
    sagemaker.client.create_endpoint(EndpointName=NAME, EndpointConfigName=NAME, Tags=tags)
    assert sagemaker.settled(NAME)["EndpointStatus"] == "InService"
    forget_settings()
    gpu_watch.cache_clear()
    gpu_watch_at.cache_clear()
    yield sagemaker
    sagemaker.client.delete_endpoint(EndpointName=NAME)
    monkeypatch.undo()
    forget_settings()
    gpu_watch.cache_clear()
    gpu_watch_at.cache_clear()


def test_a_run_waits_until_a_gpu_is_idle_and_lets_it_go(
    product: Product, endpoint: SageMaker
) -> None:
    outcome = product.run("watch_gpus", {})
    assert outcome.tasks == {
        "clear_orphans": "success",
        "wait_for_idle_gpus": "success",
        "free_gpus": "success",
    }

    def is_at_zero() -> bool:
        (variant,) = endpoint.client.describe_endpoint(EndpointName=NAME)["ProductionVariants"]
        return bool(variant["CurrentInstanceCount"] == 0)

    eventually(is_at_zero)
    (saving,) = product.query("SELECT * FROM savings WHERE resource_id = %s", NAME)
    assert (saving["reason"], saving["action"]) == ("idle", "scaled to zero")
    (alert,) = product.query("SELECT * FROM alerts WHERE subject = %s", NAME)
    assert (alert["kind"], "registry" in alert["detail"]) == ("orphan", True)
    assert product.query("SELECT * FROM gpu_samples WHERE resource_id = %s", NAME)
