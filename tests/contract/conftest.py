"""Fixtures of the contract tests: each port on its fake and on the embedded services."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.cloud import cloud
from tests.support.lane_bench import bench, kind
from tests.support.left_over import take_away
from tests.support.local_aws import local_aws, running_for_the_session
from tests.support.postgres import postgres_server, product_database_url, product_template

__all__ = [
    "bench",
    "cloud",
    "kind",
    "local_aws",
    "postgres_server",
    "product_database_url",
    "product_template",
]


@pytest.fixture(scope="module", autouse=True)
def _nothing_stays_at_work() -> Iterator[None]:
    yield
    for aws in running_for_the_session():
        take_away(aws)
