"""The product's cloud resources on the embedded AWS, from the template a real account gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.adapters.aws.cloud_stack import apply_stack
from tests.support.local_aws import REPOSITORY, LocalAws

TEMPLATE = REPOSITORY / "infra" / "template.yaml"


@pytest.fixture(scope="session")
def cloud(local_aws: LocalAws) -> LocalAws:
    """The embedded AWS with buckets, table and roles in it, under their default names."""
    apply_stack(local_aws.client("cloudformation"), "twolane", Path(TEMPLATE).read_text(), {})
    return local_aws
