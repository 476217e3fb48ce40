"""Endpoints: states, real containers behind them, and the runtime's errors."""

import contextlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.support.local_aws import LocalAws
from tests.support.sagemaker import JSON_LINES, Bucket, SageMaker, documents, eventually

SERVERLESS = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 2}}
ONE_INSTANCE = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}


def invoke(runtime: Any, endpoint: str, body: bytes) -> bytes:
    answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType=JSON_LINES, Body=body)
    return bytes(answer["Body"].read())


def container_pids(stack: LocalAws) -> set[int]:
    """Processes of containers: MiniStack apart, each child of the service is one."""
    pids = set()
    for child in psutil.Process(stack.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "ministack" not in " ".join(child.cmdline()):
                pids.add(child.pid)
    return pids


def test_a_serverless_endpoint_starts_from_zero_and_returns_to_it(
    local_aws: LocalAws, sagemaker: SageMaker, runtime: Any, bucket: Bucket
) -> None:
    model = sagemaker.create_model(bucket.put_model("model.tar.gz", "cat"))
    before = container_pids(local_aws)
    endpoint = sagemaker.create_endpoint(sagemaker.create_config(model, **SERVERLESS))

    in_service = container_pids(local_aws) - before
    answer = json.loads(invoke(runtime, endpoint, documents(1)))
    warm = container_pids(local_aws) - before

    assert in_service == set()
    assert answer == {"id": "d0", "label": "cat", "score": 5.0}
    assert len(warm) == 1
    eventually(lambda: not container_pids(local_aws) & warm)
    assert invoke(runtime, endpoint, documents(1))  # and from zero again


def test_provisioned_concurrency_keeps_the_container(sagemaker: SageMaker, runtime: Any) -> None:
    config = {"MemorySizeInMB": 1024, "MaxConcurrency": 2, "ProvisionedConcurrency": 1}
    model = sagemaker.create_model()
    endpoint = sagemaker.create_endpoint(sagemaker.create_config(model, ServerlessConfig=config))

    first = invoke(runtime, endpoint, b'{"pid": 1}')

    assert psutil.pid_exists(int(first))
    described = sagemaker.client.describe_endpoint(EndpointName=endpoint)
    assert described["ProductionVariants"][0]["CurrentServerlessConfig"] == config


def test_serverless_throttles_above_its_concurrency(sagemaker: SageMaker, runtime: Any) -> None:
    model = sagemaker.create_model(FIXTURE_SLOW_S="0.5")
    endpoint = sagemaker.create_endpoint(sagemaker.create_config(model, **SERVERLESS))

    def outcome(_: int) -> tuple[str, int]:
        try:
            invoke(runtime, endpoint, documents(1))
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return error.response["Error"]["Code"], status
        return "ok", 200

    with ThreadPoolExecutor(5) as pool:
        outcomes = list(pool.map(outcome, range(5)))

    assert sorted(outcomes) == [("ThrottlingException", 429)] * 3 + [("ok", 200)] * 2


@pytest.mark.parametrize(
    ("variant", "limit"), [(SERVERLESS, 4 * 1024 * 1024), (ONE_INSTANCE, 6 * 1024 * 1024)]
)
def test_payload_limits(
    sagemaker: SageMaker, runtime: Any, variant: dict[str, Any], limit: int
) -> None:
    endpoint = sagemaker.create_endpoint(
        sagemaker.create_config(sagemaker.create_model(), **variant)
    )

    with pytest.raises(ClientError, match=f"less than or equal to {limit}") as caught:
        invoke(runtime, endpoint, b"x" * (limit + 1))

    assert caught.value.response["Error"]["Code"] == "ValidationError"
    with pytest.raises(ClientError, match="exceeds the limit"):
        invoke(runtime, endpoint, b'{"large": 1}')


@pytest.mark.parametrize(("word", "status"), [("refuse", 400), ("break", 500)])
def test_a_failing_container_is_a_model_error(
    sagemaker: SageMaker, runtime: Any, word: str, status: int
) -> None:
    model = sagemaker.create_model()
    endpoint = sagemaker.create_endpoint(sagemaker.create_config(model, **ONE_INSTANCE))

    with pytest.raises(ClientError) as caught:
        invoke(runtime, endpoint, documents(1, text=word))

    answer = caught.value.response
    assert answer["Error"]["Code"] == "ModelError"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert answer["OriginalStatusCode"] == status
    assert answer["LogStreamArn"].endswith(f":log-group:/aws/sagemaker/Endpoints/{endpoint}")


def test_a_container_that_does_not_answer_in_time_is_a_model_error(
    sagemaker: SageMaker, runtime: Any
) -> None:
    model = sagemaker.create_model(FIXTURE_SLOW_S="30")
    endpoint = sagemaker.create_endpoint(sagemaker.create_config(model, **ONE_INSTANCE))

    with pytest.raises(ClientError, match="timed out while waiting for a response"):
        invoke(runtime, endpoint, documents(1))


def test_an_unknown_endpoint(runtime: Any) -> None:
    with pytest.raises(ClientError, match="Endpoint nobody of account 000000000000 not found"):
        invoke(runtime, "nobody", b"")


def test_an_asynchronous_invocation_needs_an_asynchronous_endpoint(
    sagemaker: SageMaker, runtime: Any
) -> None:
    endpoint = sagemaker.create_endpoint(
        sagemaker.create_config(sagemaker.create_model(), **ONE_INSTANCE)
    )

    with pytest.raises(ClientError, match=f"{endpoint} is not an asynchronous endpoint"):
        runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation="s3://a/b")


def test_an_instance_that_dies_is_replaced(sagemaker: SageMaker, runtime: Any) -> None:
    model = sagemaker.create_model()
    endpoint = sagemaker.create_endpoint(sagemaker.create_config(model, **ONE_INSTANCE))
    pid = int(invoke(runtime, endpoint, b'{"pid": 1}'))

    os.kill(pid, 9)

    assert int(invoke(runtime, endpoint, b'{"pid": 1}')) != pid


def test_a_model_that_cannot_start_fails_the_endpoint(sagemaker: SageMaker) -> None:
    model = sagemaker.create_model(FIXTURE_CRASH="1")
    endpoint = sagemaker.create_endpoint(sagemaker.create_config(model, **ONE_INSTANCE), "Failed")

    reason = sagemaker.client.describe_endpoint(EndpointName=endpoint)["FailureReason"]

    assert "did not pass the ping health check" in reason
    assert "fixture: told to crash" in reason
    assert "exit code: 3" in reason


def test_a_missing_artifact_fails_the_endpoint(sagemaker: SageMaker, bucket: Bucket) -> None:
    model = sagemaker.create_model(bucket.uri("nothing.tar.gz"))
    endpoint = sagemaker.create_endpoint(sagemaker.create_config(model, **SERVERLESS), "Failed")

    reason = sagemaker.client.describe_endpoint(EndpointName=endpoint)["FailureReason"]

    assert "Failed to download model data" in reason


def test_update_moves_the_traffic_and_delete_ends_it(
    sagemaker: SageMaker, runtime: Any, bucket: Bucket
) -> None:
    one = sagemaker.create_model(bucket.put_model("one.tar.gz", "one"))
    two = sagemaker.create_model(bucket.put_model("two.tar.gz", "two"))
    bad = sagemaker.create_model(FIXTURE_CRASH="1")
    endpoint = sagemaker.create_endpoint(sagemaker.create_config(one, **ONE_INSTANCE))
    config = sagemaker.create_config(two, **ONE_INSTANCE)

    sagemaker.client.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        sagemaker.client.delete_endpoint(EndpointName=endpoint)
    sagemaker.settled(endpoint)
    assert b'"two"' in invoke(runtime, endpoint, documents(1))

    sagemaker.client.update_endpoint(
        EndpointName=endpoint, EndpointConfigName=sagemaker.create_config(bad, **ONE_INSTANCE)
    )
    described = sagemaker.settled(endpoint)
    assert described["EndpointStatus"] == "InService"
    assert described["EndpointConfigName"] == config
    assert b'"two"' in invoke(runtime, endpoint, documents(1))

    sagemaker.client.delete_endpoint(EndpointName=endpoint)
    listed = sagemaker.client.list_endpoints
    eventually(lambda: not listed(NameContains=endpoint, StatusEquals="Deleting")["Endpoints"])
    with pytest.raises(ClientError, match="Could not find endpoint"):
        sagemaker.client.describe_endpoint(EndpointName=endpoint)


def test_the_container_gets_its_environment_and_nothing_of_the_service(
    sagemaker: SageMaker, runtime: Any
) -> None:
    model = sagemaker.create_model(GREETING="hello", WHERE="/opt/ml/model")
    endpoint = sagemaker.create_endpoint(sagemaker.create_config(model, **SERVERLESS))

    environment = json.loads(invoke(runtime, endpoint, b'{"environment": 1}'))

    assert environment["GREETING"] == "hello"
    assert environment["WHERE"] == environment["ML_ROOT"] + "/model"
    assert environment["OMP_NUM_THREADS"] == "1"  # 2048 MB buy one core
    assert environment["SAGEMAKER_BIND_TO_HOST"] == "127.0.0.1"
    assert "PYTEST_CURRENT_TEST" not in environment


def test_variants_are_chosen_by_weight_or_by_name(
    sagemaker: SageMaker, runtime: Any, bucket: Bucket
) -> None:
    variants = [
        {
            "VariantName": name,
            "ModelName": sagemaker.create_model(bucket.put_model(f"{name}.tar.gz", name)),
            "InitialVariantWeight": weight,
            **ONE_INSTANCE,
        }
        for name, weight in (("blue", 1.0), ("green", 0.0))
    ]
    config = "two-variants"
    sagemaker.client.create_endpoint_config(EndpointConfigName=config, ProductionVariants=variants)
    endpoint = sagemaker.create_endpoint(config)

    by_weight = {invoke(runtime, endpoint, documents(1)) for _ in range(5)}
    by_name = runtime.invoke_endpoint(
        EndpointName=endpoint, TargetVariant="green", Body=documents(1)
    )

    assert all(b'"blue"' in answer for answer in by_weight)
    assert by_name["InvokedProductionVariant"] == "green"
    assert b'"green"' in by_name["Body"].read()
