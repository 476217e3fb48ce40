"""How large a serverless endpoint is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import ProductionVariantServerlessConfigTypeDef


@dataclass(frozen=True, slots=True)
class ServerlessSize:
    """A serverless variant.

    Attributes:
        memory_mb: 1,024 to 6,144 in steps of 1,024.
        max_concurrency: invocations at once before throttling, 1 to 200.
        provisioned_concurrency: kept warm, and paid for; 0 for none.
    """

    memory_mb: int
    max_concurrency: int
    provisioned_concurrency: int = 0

    @property
    def name(self) -> str:
        """What tells endpoint configurations of different sizes apart."""
        return f"{self.memory_mb}-{self.max_concurrency}-{self.provisioned_concurrency}"

    def variant(self) -> ProductionVariantServerlessConfigTypeDef:
        """Return the size as SageMaker takes it."""
        config: ProductionVariantServerlessConfigTypeDef = {
            "MemorySizeInMB": self.memory_mb,
            "MaxConcurrency": self.max_concurrency,
        }
        if self.provisioned_concurrency:
            config["ProvisionedConcurrency"] = self.provisioned_concurrency
        return config
