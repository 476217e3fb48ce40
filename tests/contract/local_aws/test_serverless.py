"""Serverless environments: one a call in flight, a cold start each, and what is provisioned."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.local_aws import LocalAws
from tests.support.sagemaker import SageMaker, eventually


def endpoint_of(sagemaker: SageMaker, provisioned: int = 0) -> str:
    config: dict[str, int] = {"MemorySizeInMB": 2048, "MaxConcurrency": 10}
    if provisioned:
        config["ProvisionedConcurrency"] = provisioned
    model = sagemaker.create_model(FIXTURE_SLOW_S="0.3")
    return sagemaker.create_endpoint(sagemaker.create_config(model, ServerlessConfig=config))


def pids(runtime: Any, endpoint: str, calls: int) -> list[bytes]:
    """Processes that answered ``calls`` concurrent invocations."""

    def one(_: int) -> bytes:
        answer = runtime.invoke_endpoint(EndpointName=endpoint, Body=b'{"pid"}')
        return bytes(answer["Body"].read())

    with ThreadPoolExecutor(calls) as pool:
        return list(pool.map(one, range(calls)))


def test_concurrent_calls_start_environments_up_to_the_limit_and_then_share(
    sagemaker: SageMaker, runtime: Any, local_aws: LocalAws
) -> None:
    endpoint = endpoint_of(sagemaker)

    assert len(set(pids(runtime, endpoint, 1))) == 1
    assert len(set(pids(runtime, endpoint, 5))) == 2  # --serverless-environments

    def measured() -> float:
        cloudwatch = local_aws.client("cloudwatch")
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="ModelSetupTime",
            Dimensions=[
                {"Name": "EndpointName", "Value": endpoint},
                {"Name": "VariantName", "Value": "AllTraffic"},
            ],
            StartTime=0,
            EndTime=2**31,
            Period=60,
            Statistics=["SampleCount"],
        )
        return sum(point["SampleCount"] for point in answer["Datapoints"])

    assert eventually(lambda: measured() == 2.0)


def test_what_is_provisioned_stays_and_is_used_first(sagemaker: SageMaker, runtime: Any) -> None:
    endpoint = endpoint_of(sagemaker, provisioned=2)

    first = set(pids(runtime, endpoint, 2))

    assert len(first) == 2
    assert set(pids(runtime, endpoint, 2)) == first
