"""Clients and a bucket for each test, on the session's one stack."""

from typing import Any

import pytest

from tests.support.local_aws import LocalAws
from tests.support.sagemaker import Bucket, SageMaker, unique


@pytest.fixture
def sagemaker(local_aws: LocalAws) -> SageMaker:
    return SageMaker(local_aws)


@pytest.fixture
def bucket(local_aws: LocalAws) -> Bucket:
    return Bucket(local_aws, unique("bucket"))


@pytest.fixture
def runtime(local_aws: LocalAws) -> Any:
    return local_aws.client("sagemaker-runtime", retries={"max_attempts": 0})
