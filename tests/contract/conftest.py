"""Fixtures of the contract tests: each port on its fake and on the embedded services."""

from tests.support.cloud import cloud
from tests.support.lane_bench import bench, kind
from tests.support.local_aws import local_aws
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
