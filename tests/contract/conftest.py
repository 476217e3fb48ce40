"""Fixtures of the contract tests: each port on its fake and on the embedded AWS."""

from tests.support.local_aws import local_aws

__all__ = ["local_aws"]
