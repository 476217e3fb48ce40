"""Every adapter of the product, imported and built when it is first asked for.

A task uses two or three of them; the others' libraries are never loaded there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from include.config import Settings
from include.wiring.aws_adapters import AwsAdapters
from include.wiring.postgres_adapters import PostgresAdapters

if TYPE_CHECKING:
    from include.adapters.aws.clients import AwsAddress
    from include.pipeline.ports.directories import ModelRegistry
    from include.pipeline.ports.objects import DocumentReader
    from include.pipeline.ports.quality import QualityGate
    from include.pipeline.promotion.promotion_ports import AliasRegistry


def utc_now() -> datetime:
    """Return the time, timezone-aware."""
    return datetime.now(UTC)


class Adapters(AwsAdapters, PostgresAdapters):
    """The ports of `include.pipeline.ports`, each on its adapter.

    Args:
        aws: which AWS; the environment's when None.
    """

    def __init__(self, settings: Settings, aws: AwsAddress | None = None) -> None:
        self.settings = settings
        self.aws = aws

    @cached_property
    def reader(self) -> DocumentReader:
        """Batch files."""
        from include.adapters.document_files import DocumentFileReader

        return DocumentFileReader(max_line_bytes=self.settings.max_line_bytes)

    @cached_property
    def gate(self) -> QualityGate:
        """Great Expectations."""
        from include.adapters.quality import GreatExpectationsGate

        return GreatExpectationsGate(max_document_characters=self.settings.max_document_characters)

    @cached_property
    def registry(self) -> ModelRegistry:
        """MLflow."""
        from include.adapters.mlflow_registry import MlflowModelRegistry

        return MlflowModelRegistry(self.settings.mlflow_tracking_uri)

    @cached_property
    def aliases(self) -> AliasRegistry:
        """MLflow's aliases and tags."""
        from include.adapters.mlflow_aliases import MlflowAliases

        return MlflowAliases(self.settings.mlflow_tracking_uri)
