"""The identity of a model version, as a batch pins it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelRef:
    """One registered model version.

    Attributes:
        name: registered model name.
        version: registry version, a decimal number as text.
        digest: sha256 (hex) of the served artifact.
    """

    name: str
    version: str
    digest: str

    @property
    def label(self) -> str:
        """Short form for people and keys, e.g. `news-topic@3`."""
        return f"{self.name}@{self.version}"

    @property
    def resource_name(self) -> str:
        """Name of the SageMaker model and endpoint that serve this version."""
        return f"twolane-{self.name}-v{self.version}"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a batch must know of a model version beside its identity.

    Attributes:
        labels: what it can answer with.
        max_tokens: it reads the head of a longer text; special tokens are counted.
    """

    labels: tuple[str, ...]
    max_tokens: int
