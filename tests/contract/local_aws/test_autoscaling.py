"""Application Auto Scaling on an asynchronous endpoint: 0 → n → 0, told by CloudWatch alone."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.async_inference import AsyncEndpoint, object_at, scaled
from tests.support.local_aws import LocalAws, running_local_aws
from tests.support.sagemaker import Bucket, documents, eventually

SCOPE = {
    "ServiceNamespace": "sagemaker",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


@pytest.fixture
def endpoint(local_aws: LocalAws, bucket: Bucket) -> AsyncEndpoint:
    return AsyncEndpoint(local_aws, bucket)


def register(endpoint: AsyncEndpoint, low: int = 0, high: int = 3) -> None:
    endpoint.scaling.register_scalable_target(
        **SCOPE, ResourceId=endpoint.resource_id, MinCapacity=low, MaxCapacity=high
    )


def track_backlog(endpoint: AsyncEndpoint, target: float = 2.0) -> dict[str, Any]:
    return dict(
        endpoint.scaling.put_scaling_policy(
            **SCOPE,
            PolicyName="backlog",
            ResourceId=endpoint.resource_id,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": target,
                "CustomizedMetricSpecification": {
                    "MetricName": "ApproximateBacklogSizePerInstance",
                    "Namespace": "AWS/SageMaker",
                    "Dimensions": [{"Name": "EndpointName", "Value": endpoint.name}],
                    "Statistic": "Average",
                },
                "ScaleInCooldown": 60,
                "ScaleOutCooldown": 60,
            },
        )
    )


def wake_from_zero(endpoint: AsyncEndpoint) -> str:
    policy = endpoint.scaling.put_scaling_policy(
        **SCOPE,
        PolicyName="wake",
        ResourceId=endpoint.resource_id,
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "MetricAggregationType": "Average",
            "Cooldown": 300,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        },
    )
    alarm = f"{endpoint.name}-stranded"
    endpoint.cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        MetricName="HasBacklogWithoutCapacity",
        Namespace="AWS/SageMaker",
        Statistic="Average",
        EvaluationPeriods=2,
        DatapointsToAlarm=2,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="missing",
        Dimensions=[{"Name": "EndpointName", "Value": endpoint.name}],
        Period=60,
        AlarmActions=[policy["PolicyARN"]],
    )
    return alarm


def activities(endpoint: AsyncEndpoint) -> list[dict[str, Any]]:
    answer = endpoint.scaling.describe_scaling_activities(
        ServiceNamespace="sagemaker", ResourceId=endpoint.resource_id
    )
    return list(answer["ScalingActivities"])


def test_a_burst_wakes_the_endpoint_is_answered_whole_and_lets_it_sleep_again(
    endpoint: AsyncEndpoint,
) -> None:
    endpoint.create(FIXTURE_SLOW_S="1.2")
    register(endpoint)
    endpoint.set_instances(0)
    scaled(endpoint, 0)
    track_backlog(endpoint)
    wake_from_zero(endpoint)

    sent = [endpoint.invoke(documents(1))["OutputLocation"] for _ in range(20)]

    peak = scaled(endpoint, 3, timeout_s=40)["DesiredInstanceCount"]
    for uri in sent:
        assert eventually(lambda uri=uri: object_at(endpoint.s3, uri), timeout_s=40)
    scaled(endpoint, 0, timeout_s=60)
    assert peak == 3
    assert {activity["StatusCode"] for activity in activities(endpoint)} == {"Successful"}
    causes = " ".join(activity["Cause"] for activity in activities(endpoint))
    assert "policy wake" in causes
    assert "policy backlog" in causes


def test_target_tracking_alone_never_wakes_an_endpoint(endpoint: AsyncEndpoint) -> None:
    endpoint.create()
    register(endpoint)
    endpoint.set_instances(0)
    scaled(endpoint, 0)
    track_backlog(endpoint, target=1.0)
    sent = [endpoint.invoke(documents(1))["OutputLocation"] for _ in range(10)]

    eventually(lambda: stranded(endpoint) >= 4)
    assert not any(object_at(endpoint.s3, uri) for uri in sent)
    assert activities(endpoint) == []


def stranded(endpoint: AsyncEndpoint) -> int:
    """Data that say a backlog has no instance."""
    statistics = endpoint.cloudwatch.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "stranded",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SageMaker",
                        "MetricName": "HasBacklogWithoutCapacity",
                        "Dimensions": [{"Name": "EndpointName", "Value": endpoint.name}],
                    },
                    "Period": 1,
                    "Stat": "Maximum",
                },
            }
        ],
        StartTime=0,
        EndTime=4_000_000_000,
    )
    return sum(1 for value in statistics["MetricDataResults"][0]["Values"] if value == 1)


def test_policies_and_targets_are_described_and_go_with_their_alarms(
    endpoint: AsyncEndpoint,
) -> None:
    endpoint.create()
    register(endpoint, low=1, high=2)
    policy = track_backlog(endpoint)
    names = [alarm["AlarmName"] for alarm in policy["Alarms"]]

    (target,) = endpoint.scaling.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[endpoint.resource_id]
    )["ScalableTargets"]
    (described,) = endpoint.scaling.describe_scaling_policies(
        ServiceNamespace="sagemaker", ResourceId=endpoint.resource_id
    )["ScalingPolicies"]
    alarms = endpoint.cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]
    endpoint.scaling.deregister_scalable_target(**SCOPE, ResourceId=endpoint.resource_id)

    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 2)
    assert described["PolicyARN"] == policy["PolicyARN"]
    assert {(each["EvaluationPeriods"], each["Threshold"]) for each in alarms} == {
        (3, 2.0),
        (15, 1.8),
    }
    assert endpoint.cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"] == []
    with pytest.raises(ClientError, match="ObjectNotFoundException"):
        endpoint.scaling.deregister_scalable_target(**SCOPE, ResourceId=endpoint.resource_id)


def test_bad_requests_are_refused(endpoint: AsyncEndpoint) -> None:
    endpoint.create()

    with pytest.raises(ClientError, match="ObjectNotFoundException"):
        track_backlog(endpoint)
    with pytest.raises(ClientError, match="Could not find endpoint"):
        endpoint.scaling.register_scalable_target(
            **SCOPE, ResourceId="endpoint/none/variant/all", MinCapacity=0, MaxCapacity=1
        )
    with pytest.raises(ClientError, match="cannot be less than"):
        register(endpoint, low=3, high=1)


def test_suspended_scaling_does_nothing(endpoint: AsyncEndpoint) -> None:
    endpoint.create()
    register(endpoint)
    endpoint.scaling.register_scalable_target(
        **SCOPE,
        ResourceId=endpoint.resource_id,
        SuspendedState={"DynamicScalingOutSuspended": True},
    )
    endpoint.set_instances(0)
    scaled(endpoint, 0)
    alarm = wake_from_zero(endpoint)
    endpoint.invoke(documents(1))

    def is_alarmed() -> bool:
        (found,) = endpoint.cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        return bool(found["StateValue"] == "ALARM")

    eventually(is_alarmed)
    assert activities(endpoint) == []


def test_targets_and_policies_survive_a_restart(tmp_path: Path) -> None:
    with running_local_aws(tmp_path) as first:
        endpoint = AsyncEndpoint(first, Bucket(first, "kept"))
        endpoint.create()
        register(endpoint)
        endpoint.set_instances(0)
        scaled(endpoint, 0)
        arn = track_backlog(endpoint)["PolicyARN"]
        wake_from_zero(endpoint)
        output = endpoint.invoke(documents(1))["OutputLocation"]

    with running_local_aws(tmp_path) as second:
        endpoint.on(second)
        policies = endpoint.scaling.describe_scaling_policies(ServiceNamespace="sagemaker")
        assert arn in {policy["PolicyARN"] for policy in policies["ScalingPolicies"]}
        assert eventually(lambda: object_at(endpoint.s3, output), timeout_s=40)
