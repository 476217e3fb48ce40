"""The registry's answers, and its refusals in our own words."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from include.adapters.mlflow_registry import MlflowModelRegistry
from include.domain.errors import RegistryUnavailable, UnknownModelAlias
from include.domain.model_ref import ModelCard, ModelRef

TAGS = {
    "sagemaker.model_data_url": "s3://twolane-models/news-topic/3/model.tar.gz",
    "sagemaker.model_data_sha256": "f" * 64,
    "twolane.labels": '["Sports", "World"]',
    "twolane.max_tokens": "256",
}
MODEL = ModelRef("news-topic", "3", "f" * 64)


class Server:
    """Answers as MLflow's REST API does, and remembers the questions."""

    def __init__(self, tags: dict[str, str] | None = None) -> None:
        self.tags = TAGS if tags is None else tags
        self.paths: list[str] = []

    def get(self, url: str) -> tuple[int, bytes]:
        parts = urlsplit(url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.paths.append(parts.path)
        if query["name"] != "news-topic":
            return 404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such model"}'
        if query.get("alias", "champion") != "champion":
            return 400, b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "no such alias"}'
        tags = [{"key": key, "value": value} for key, value in self.tags.items()]
        return 200, json.dumps({"model_version": {"version": "3", "tags": tags}}).encode()


def registry(server: Server) -> MlflowModelRegistry:
    return MlflowModelRegistry("http://registry.test/", server.get)


def test_an_alias_is_resolved_with_one_request() -> None:
    server = Server()
    reader = registry(server)
    model = reader.resolve("news-topic", "champion")
    assert model == MODEL
    assert reader.artifact_url(model) == TAGS["sagemaker.model_data_url"]
    assert reader.card(model) == ModelCard(("Sports", "World"), 256)
    assert server.paths == ["/api/2.0/mlflow/registered-models/alias"]


def test_a_pinned_version_is_looked_up_by_its_number() -> None:
    server = Server()
    assert registry(server).card(MODEL) == ModelCard(("Sports", "World"), 256)
    assert server.paths == ["/api/2.0/mlflow/model-versions/get"]


@pytest.mark.parametrize(("name", "alias"), [("news-topic", "challenger"), ("other", "champion")])
def test_an_unknown_model_or_alias_is_named(name: str, alias: str) -> None:
    with pytest.raises(UnknownModelAlias, match=f"model {name} with alias {alias}"):
        registry(Server()).resolve(name, alias)


def test_a_version_that_is_not_published_cannot_be_used() -> None:
    with pytest.raises(UnknownModelAlias, match="registered but not published"):
        registry(Server(tags={})).resolve("news-topic", "champion")


@pytest.mark.parametrize(
    "edited",
    [{"twolane.labels": "Sports, World"}, {"twolane.labels": '"AB"'}, {"twolane.max_tokens": "x"}],
)
def test_tags_that_somebody_has_broken_are_named(edited: dict[str, str]) -> None:
    reader = registry(Server(TAGS | edited))
    with pytest.raises(UnknownModelAlias, match=r"news-topic/3/.*tags twolane\.labels and"):
        reader.card(reader.resolve("news-topic", "champion"))


@pytest.mark.parametrize(
    "answer", [(200, b"<html>"), (200, b"{}"), (200, b"[]"), (503, b"{}"), (500, b"oops")]
)
def test_a_server_that_is_no_registry_is_reported_as_such(answer: tuple[int, bytes]) -> None:
    reader = MlflowModelRegistry("http://registry.test", lambda url: answer)
    with pytest.raises(RegistryUnavailable, match=r"registry\.test"):
        reader.resolve("news-topic", "champion")


def test_no_answer_is_no_refusal() -> None:
    def refuse(url: str) -> tuple[int, bytes]:
        raise ConnectionRefusedError("refused")

    with pytest.raises(RegistryUnavailable, match="no answer"):
        MlflowModelRegistry("http://registry.test", refuse).resolve("news-topic", "champion")


def test_only_http_is_spoken() -> None:
    with pytest.raises(RegistryUnavailable, match="http or https"):
        MlflowModelRegistry("file:///etc").resolve("news-topic", "champion")
