"""AliasRegistry on its fake and on MLflow."""

from __future__ import annotations

import itertools
import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from include.adapters.mlflow_aliases import EVIDENCE_TAG, MlflowAliases
from include.adapters.mlflow_owners import MlflowOwners
from include.adapters.mlflow_release_runs import MlflowReleaseRuns
from include.domain.errors import RegistryUnavailable, UnknownModelAlias
from include.domain.promotion.retirement import VersionKey
from include.pipeline.promotion.promotion_ports import AliasRegistry
from tests.support.fakes.promotions import FakeAliasRegistry
from tests.support.mlflow_server import running_mlflow

_NUMBERS = itertools.count()
Publish = Callable[[str, str, str], None]
World = tuple[AliasRegistry, Publish, str]


@pytest.fixture(scope="module")
def tracking_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_mlflow(tmp_path_factory.mktemp("mlflow")) as uri:
        yield uri


def post(uri: str, path: str, values: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{uri}/api/2.0/mlflow/{path}",
        data=json.dumps(values).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return dict(json.loads(answer.read()))


def get_version(uri: str, name: str, version: str) -> dict[str, str]:
    url = f"{uri}/api/2.0/mlflow/model-versions/get?name={name}&version={version}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        found = json.loads(answer.read())["model_version"]
    return {tag["key"]: tag["value"] for tag in found["tags"]}


@pytest.fixture(params=["fake", "mlflow"])
def world(request: pytest.FixtureRequest) -> World:
    name = f"topic-{next(_NUMBERS)}"
    if request.param == "fake":
        fake = FakeAliasRegistry()
        fake.pointers[name] = {}
        return (
            fake,
            lambda name, version, evidence: fake.add(name, version, evidence) and None,
            name,
        )
    uri = request.getfixturevalue("tracking_uri")
    post(uri, "registered-models/create", {"name": name})

    def publish(name: str, version: str, evidence_uri: str) -> None:
        tags = {
            "sagemaker.model_data_url": f"s3://twolane-models/{name}/{version}/model.tar.gz",
            "sagemaker.model_data_sha256": f"{version:0>64}",
            "twolane.labels": '["Business", "Sports"]',
            "twolane.max_tokens": "64",
            **({EVIDENCE_TAG: evidence_uri} if evidence_uri else {}),
        }
        pairs = [{"key": key, "value": value} for key, value in tags.items()]
        values = {"name": name, "source": "s3://bucket/model", "tags": pairs}
        made = post(uri, "model-versions/create", values)
        assert made["model_version"]["version"] == version

    return MlflowAliases(uri), publish, name


def test_a_published_version_says_what_is_served_and_on_what_evidence(world: World) -> None:
    registry, publish, name = world
    publish(name, "1", "s3://twolane-models/topic/releases/r1/")
    publish(name, "2", "")

    first, second = registry.published(name, "1"), registry.published(name, "2")

    assert first.model.label == f"{name}@1"
    assert first.model.digest == f"{'1':0>64}"
    assert first.artifact_url == f"s3://twolane-models/{name}/1/model.tar.gz"
    assert first.card.max_tokens == 64
    assert first.evidence_uri == "s3://twolane-models/topic/releases/r1/"
    assert second.evidence_uri == ""


def test_aliases_point_where_they_were_last_pointed(world: World) -> None:
    registry, publish, name = world
    publish(name, "1", "")
    publish(name, "2", "")
    assert registry.aliases(name) == {}

    registry.point(name, "champion", "1")
    registry.point(name, "previous", "1")
    registry.point(name, "champion", "2")
    registry.drop(name, "previous")
    registry.drop(name, "previous")

    assert registry.aliases(name) == {"champion": "2"}
    assert name in registry.model_names()


def test_what_is_not_there_is_named(world: World) -> None:
    registry, publish, name = world
    publish(name, "1", "")

    with pytest.raises(UnknownModelAlias, match="no-such-model"):
        registry.aliases("no-such-model")
    with pytest.raises(UnknownModelAlias, match=f"{name} version 9"):
        registry.published(name, "9")
    with pytest.raises(UnknownModelAlias, match="9"):
        registry.point(name, "champion", "9")


def test_tags_are_seen_in_mlflow(tracking_uri: str) -> None:
    name = f"topic-{next(_NUMBERS)}"
    post(tracking_uri, "registered-models/create", {"name": name})
    post(tracking_uri, "model-versions/create", {"name": name, "source": "s3://bucket/model"})
    registry = MlflowAliases(tracking_uri)

    registry.tag_version(name, "1", {"twolane.promotion.by": "ada → grace"})
    registry.tag_model(name, {"twolane.promotion.latest": "none → 1"})

    assert get_version(tracking_uri, name, "1") == {"twolane.promotion.by": "ada → grace"}
    with pytest.raises(UnknownModelAlias, match="not published"):
        registry.published(name, "1")


def test_every_page_of_models_is_read(tracking_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {f"page-{number}" for number in range(3)}
    for name in names:
        post(tracking_uri, "registered-models/create", {"name": name})
    monkeypatch.setattr("include.adapters.mlflow_aliases._PAGE", 1)

    assert names <= set(MlflowAliases(tracking_uri).model_names())


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "file:///etc"])
def test_a_registry_that_is_away_says_so(uri: str) -> None:
    with pytest.raises(RegistryUnavailable):
        MlflowAliases(uri).point("topic", "champion", "1")


def test_owners_are_registered_versions_and_releases_under_way(tracking_uri: str) -> None:
    runs, owners = MlflowReleaseRuns(tracking_uri), MlflowOwners(tracking_uri)
    assert owners.open_releases([]) == set()
    runs.open_run("owned", "r-open", {})
    ended = runs.open_run("owned", "r-ended", {})
    runs.close_run(ended, succeeded=False, tags={})
    assert owners.open_releases(["r-open", "r-ended", "r-never"]) == {"r-open"}
    assert not owners.has_version(VersionKey("owned", "1"))

    name = f"topic-{next(_NUMBERS)}"
    post(tracking_uri, "registered-models/create", {"name": name})
    tags = {
        "sagemaker.model_data_url": "s3://twolane-models/x/model.tar.gz",
        "sagemaker.model_data_sha256": "d" * 64,
        "twolane.labels": '["Business"]',
        "twolane.max_tokens": "64",
    }
    pairs = [{"key": key, "value": value} for key, value in tags.items()]
    values = {"name": name, "source": "s3://bucket/model", "tags": pairs}
    post(tracking_uri, "model-versions/create", values)
    assert owners.has_version(VersionKey(name, "1"))
    assert not owners.has_version(VersionKey(name, "2"))


def test_a_registry_that_is_away_owns_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    owners = MlflowOwners("http://127.0.0.1:9")
    with pytest.raises(RegistryUnavailable):
        owners.has_version(VersionKey("owned", "1"))
    with pytest.raises(RegistryUnavailable, match="looking for open releases"):
        owners.open_releases(["r"])
