"""What an instance type promises."""

import os

import pytest

from local_aws.sagemaker.container.instance_types import instance_shape, serverless_shape
from local_aws.sagemaker.errors import ApiError
from local_aws.sagemaker.limits import InstanceQuota


def test_shapes() -> None:
    shape = instance_shape("ml.g5.2xlarge")

    assert (shape.vcpus, shape.memory_bytes, shape.gpus) == (8, 32 * 2**30, 1)
    assert shape.threads == min(8, os.cpu_count() or 1)
    assert instance_shape("ml.c5.xlarge").gpus == 0
    assert [instance_shape(f"ml.{each}").gpus for each in ("g4dn.12xlarge", "p3.8xlarge")] == [4, 4]
    assert serverless_shape(6144).vcpus == 3
    assert serverless_shape(1024).vcpus == 1


def test_the_quota_counts_each_type_and_usage_apart() -> None:
    quota = InstanceQuota(2)
    lease = quota.acquire("ml.c5.large", "transform job usage", 2)

    quota.acquire("ml.c5.large", "endpoint usage", 2)
    with pytest.raises(ApiError, match=r"is 2 Instances, with current utilization of 2"):
        quota.acquire("ml.c5.large", "transform job usage", 1)
    lease.close()
    lease.close()

    quota.acquire("ml.c5.large", "transform job usage", 2)
