"""Who may submit, and which models there are, as contracts."""

from __future__ import annotations

from typing import Protocol

from include.domain.accounts import Account
from include.domain.model_ref import ModelCard, ModelRef


class ModelRegistry(Protocol):
    """MLflow's registry, as far as a batch needs it."""

    def resolve(self, name: str, alias: str) -> ModelRef:
        """Return the version an alias points to now. Raises `UnknownModelAlias`."""
        ...

    def artifact_url(self, model: ModelRef) -> str:
        """Return the S3 URI of the served `model.tar.gz`. Raises `UnknownModelAlias`."""
        ...

    def card(self, model: ModelRef) -> ModelCard:
        """Return the version's labels and reach. Raises `UnknownModelAlias`."""
        ...


class AccountDirectory(Protocol):
    """Who may submit."""

    def get(self, account_id: str) -> Account:
        """Return the account. Raises `UnknownAccount`."""
        ...
