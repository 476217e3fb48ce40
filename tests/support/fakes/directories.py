"""AccountDirectory and ModelRegistry in dictionaries."""

from __future__ import annotations

from include.domain.accounts import Account, Tier
from include.domain.errors import UnknownAccount, UnknownModelAlias
from include.domain.model_ref import ModelCard, ModelRef

LABELS = ("World", "Sports", "Business", "Sci/Tech")
CARD = ModelCard(LABELS, max_tokens=256)


class FakeAccountDirectory:
    """The four demo accounts, unless others are given."""

    def __init__(self, accounts: dict[str, Tier] | None = None) -> None:
        self.tiers = (
            {
                "demo-visitor": Tier.DEMO,
                "trial-lumen": Tier.TRIAL,
                "standard-harbor": Tier.STANDARD,
                "enterprise-meridian": Tier.ENTERPRISE,
            }
            if accounts is None
            else dict(accounts)
        )

    def get(self, account_id: str) -> Account:
        try:
            return Account(account_id, self.tiers[account_id])
        except KeyError:
            raise UnknownAccount(f"no account {account_id!r}") from None


class FakeModelRegistry:
    """One registered model, `news-topic@1` under the alias `champion`, unless told otherwise."""

    def __init__(self, *, with_default: bool = True) -> None:
        self._aliases: dict[tuple[str, str], ModelRef] = {}
        self._cards: dict[ModelRef, ModelCard] = {}
        if with_default:
            self.add("champion", ModelRef("news-topic", "1", "d" * 64))

    def add(self, alias: str, model: ModelRef, card: ModelCard = CARD) -> None:
        """Register a version, or move the alias to it."""
        self._aliases[model.name, alias] = model
        self._cards[model] = card

    def drop(self, name: str, alias: str) -> None:
        """Take an alias away."""
        del self._aliases[name, alias]

    def resolve(self, name: str, alias: str) -> ModelRef:
        try:
            return self._aliases[name, alias]
        except KeyError:
            raise UnknownModelAlias(f"model {name!r} has no alias {alias!r}") from None

    def artifact_url(self, model: ModelRef) -> str:
        self.card(model)
        return f"s3://twolane-models/{model.name}/{model.version}/model.tar.gz"

    def card(self, model: ModelRef) -> ModelCard:
        try:
            return self._cards[model]
        except KeyError:
            raise UnknownModelAlias(f"no version {model.label}") from None
