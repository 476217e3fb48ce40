"""AliasRegistry, PromotionBook and EndpointLane in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from include.domain.errors import EndpointUnavailable, UnknownModelAlias
from include.domain.lanes import Lane
from include.domain.model_ref import ModelCard, ModelRef
from include.domain.promotion.promotion import Promotion
from include.pipeline.promotion.promotion_ports import PublishedVersion
from tests.support.fakes.directories import LABELS
from tests.support.fakes.sagemaker import Classify, answer_lines, classify


class FakeAliasRegistry:
    """Versions and aliases by model; tags by model and by version."""

    def __init__(self) -> None:
        self.versions: dict[tuple[str, str], PublishedVersion] = {}
        self.pointers: dict[str, dict[str, str]] = {}
        self.model_tags: dict[str, dict[str, str]] = {}
        self.version_tags: dict[tuple[str, str], dict[str, str]] = {}

    def add(self, name: str, version: str, evidence_uri: str = "") -> PublishedVersion:
        """Publish a version."""
        model = ModelRef(name, version, f"{version:0>64}")
        url = f"s3://twolane-models/{name}/{version}/model.tar.gz"
        published = PublishedVersion(model, url, ModelCard(tuple(LABELS), 64), evidence_uri)
        self.versions[name, version] = published
        self.pointers.setdefault(name, {})
        return published

    def model_names(self) -> list[str]:
        return sorted(self.pointers)

    def aliases(self, name: str) -> Mapping[str, str]:
        if name not in self.pointers:
            raise UnknownModelAlias(f"model {name}: not in the registry")
        return dict(self.pointers[name])

    def published(self, name: str, version: str) -> PublishedVersion:
        if (name, version) not in self.versions:
            raise UnknownModelAlias(f"model {name} version {version}: not in the registry")
        return self.versions[name, version]

    def point(self, name: str, alias: str, version: str) -> None:
        self.published(name, version)
        self.pointers[name][alias] = version

    def drop(self, name: str, alias: str) -> None:
        self.pointers[name].pop(alias, None)

    def tag_model(self, name: str, tags: Mapping[str, str]) -> None:
        self.model_tags.setdefault(name, {}).update(tags)

    def tag_version(self, name: str, version: str, tags: Mapping[str, str]) -> None:
        self.version_tags.setdefault((name, version), {}).update(tags)


class FakeTurn:
    """Rows that stand when the turn has ended well."""

    def __init__(self, rows: list[Promotion], model_name: str) -> None:
        self.rows = rows
        self.model_name = model_name

    def history(self) -> Sequence[Promotion]:
        return [row for row in self.rows if row.model_name == self.model_name]

    def record(self, promotion: Promotion) -> None:
        self.rows.append(promotion)


class FakePromotionBook:
    """Rows in a list, oldest first."""

    def __init__(self) -> None:
        self.rows: list[Promotion] = []

    def history(self, model_name: str) -> Sequence[Promotion]:
        return FakeTurn(self.rows, model_name).history()

    @contextmanager
    def turn(self, model_name: str) -> Iterator[FakeTurn]:
        turn = FakeTurn(list(self.rows), model_name)
        yield turn
        self.rows = turn.rows


class FakeEndpointLane:
    """An endpoint a version in `deployed`, which answers as `answer_with` does."""

    def __init__(self, lane: Lane = Lane.SERVERLESS, answer_with: Classify = classify) -> None:
        self._lane = lane
        self.answer_with = answer_with
        self.deployed: dict[str, str] = {}
        self.alarms: dict[str, list[str]] = {}
        self.fail_with = ""
        self.asked: list[str] = []

    @property
    def lane(self) -> Lane:
        return self._lane

    def is_kept(self, model: ModelRef) -> bool:
        return model.label in self.deployed

    def deploy(self, model: ModelRef, *, artifact_url: str) -> str:
        if self.fail_with:
            raise EndpointUnavailable(f"endpoint {model.resource_name}: {self.fail_with}")
        self.deployed[model.label] = artifact_url
        return model.resource_name

    def answer(self, model: ModelRef, body: bytes) -> bytes:
        if model.label not in self.deployed:
            raise EndpointUnavailable(f"endpoint {model.resource_name}: no such endpoint")
        self.asked.append(model.label)
        return answer_lines(body, self.answer_with)

    def ringing(self, model: ModelRef) -> Sequence[str]:
        return self.alarms.get(model.label, [])
