"""What the tests of one file leave at work on the embedded AWS, taken away before the next file's.

An endpoint that stays holds a process, publishes its metrics, and has its alarms evaluated each
second: a few dozen of them and every later test waits for them.
"""

from __future__ import annotations

import contextlib
from typing import Any

from botocore.exceptions import ClientError

from tests.support.local_aws import LocalAws

NAMESPACES = ("AWS/SageMaker", "/aws/sagemaker/Endpoints")


def take_away(aws: LocalAws) -> None:
    """Delete every endpoint, its scaling and its alarms."""
    sagemaker, scaling = aws.client("sagemaker"), aws.client("application-autoscaling")
    for page in sagemaker.get_paginator("list_endpoints").paginate():
        for endpoint in page["Endpoints"]:
            with contextlib.suppress(ClientError):  # on its way to be created, changed or deleted
                sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])
    for target in _targets(scaling):
        with contextlib.suppress(ClientError):  # gone with its endpoint
            scaling.deregister_scalable_target(
                ServiceNamespace="sagemaker",
                ResourceId=target["ResourceId"],
                ScalableDimension=target["ScalableDimension"],
            )
    cloudwatch = aws.client("cloudwatch")
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm"])
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
    names = [each["AlarmName"] for each in alarms if each.get("Namespace") in NAMESPACES]
    for start in range(0, len(names), 100):
        cloudwatch.delete_alarms(AlarmNames=names[start : start + 100])


def _targets(scaling: Any) -> list[dict[str, Any]]:
    pages = scaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="sagemaker"
    )
    return [target for page in pages for target in page["ScalableTargets"]]
