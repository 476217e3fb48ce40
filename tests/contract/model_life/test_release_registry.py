"""ReleaseRegistry on its fake and on MLflow, and MLflow read back by ModelRegistry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.adapters.mlflow_registry import MlflowModelRegistry
from include.adapters.mlflow_releases import ContainerCode, MlflowReleaseRegistry
from include.domain.errors import RegistryUnavailable, ReleaseFailed, UnknownModelAlias
from include.domain.model_ref import ModelCard, ModelRef
from include.domain.release.catalog import About
from include.pipeline.versions.ports import Candidate, ReleaseRegistry
from tests.support.container import MODELS, trivial_model
from tests.support.fakes.releases import FakeReleaseRegistry
from tests.support.mlflow_server import running_mlflow

URL = "s3://twolane-models/topic/1/model.tar.gz"
LOCKS = (MODELS / "requirements.lock", MODELS / "training" / "requirements.lock")


@pytest.fixture(scope="module")
def tracking_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_mlflow(tmp_path_factory.mktemp("mlflow")) as uri:
        yield uri


@pytest.fixture(params=["fake", "mlflow"])
def registry(request: pytest.FixtureRequest) -> ReleaseRegistry:
    if request.param == "fake":
        return FakeReleaseRegistry()
    uri = request.getfixturevalue("tracking_uri")
    return MlflowReleaseRegistry(uri, "topic", ContainerCode(MODELS, LOCKS))


@pytest.fixture
def candidate(tmp_path: Path, request: pytest.FixtureRequest) -> Candidate:
    folder = trivial_model(tmp_path / "model")
    (folder / "metrics.json").write_text("{}")
    name = "topic-" + "".join(c if c.isalnum() else "-" for c in request.node.name)
    return Candidate(
        name=name,
        training_digest="d" * 64,
        folder=folder,
        description=json.loads((folder / "model.json").read_text()),
        metrics={"accuracy": 0.9, "f1/Sci/Tech": 0.8, "f1/R&D+?": 0.7},
        parameters={"folds": "5"},
        data_uri="s3://twolane-models/training-data/e/news.jsonl",
        data_digest="e" * 64,
        source="s3://twolane-models/training-jobs/job/output/model.tar.gz",
    )


def test_what_was_never_registered_is_not_found(
    registry: ReleaseRegistry, candidate: Candidate
) -> None:
    assert registry.find(candidate.name, candidate.training_digest) is None


def test_a_version_is_found_by_what_it_was_made_from(
    registry: ReleaseRegistry, candidate: Candidate
) -> None:
    version = registry.register(candidate)
    assert version.version == "1"
    assert version.run_id
    assert registry.find(candidate.name, candidate.training_digest) == version
    assert registry.find(candidate.name, "0" * 64) is None


def test_publishing_records_where_the_artifact_stands(
    registry: ReleaseRegistry, candidate: Candidate
) -> None:
    version = registry.register(candidate)
    registry.publish(version, url=URL, sha256="f" * 64, card=ModelCard(("a", "b"), 64))
    found = registry.find(candidate.name, candidate.training_digest)
    assert found is not None
    assert (found.model_data_url, found.model_data_sha256) == (URL, "f" * 64)


def test_an_alias_points_where_it_was_last_pointed(
    registry: ReleaseRegistry, candidate: Candidate
) -> None:
    version = registry.register(candidate)
    assert registry.alias_version(candidate.name, "champion") is None
    registry.point_alias(candidate.name, "champion", version.version)
    assert registry.alias_version(candidate.name, "champion") == version.version


def test_an_alias_to_no_version_is_refused(registry: ReleaseRegistry, candidate: Candidate) -> None:
    registry.register(candidate)
    with pytest.raises(ReleaseFailed):
        registry.point_alias(candidate.name, "champion", "77")


def test_the_pipeline_reads_what_the_release_wrote(tracking_uri: str, candidate: Candidate) -> None:
    releases = MlflowReleaseRegistry(tracking_uri, "topic", ContainerCode(MODELS, LOCKS))
    version = releases.register(candidate)
    releases.point_alias(candidate.name, "champion", version.version)
    with pytest.raises(UnknownModelAlias, match="not published"):
        MlflowModelRegistry(tracking_uri).resolve(candidate.name, "champion")
    releases.publish(version, url=URL, sha256="f" * 64, card=ModelCard(("a", "b"), 64))
    reader = MlflowModelRegistry(tracking_uri)
    model = reader.resolve(candidate.name, "champion")
    assert model == ModelRef(candidate.name, "1", "f" * 64)
    assert MlflowModelRegistry(tracking_uri).artifact_url(model) == URL
    assert reader.card(model) == ModelCard(("a", "b"), 64)


def test_what_the_catalogue_says_stands_on_model_and_version(
    tracking_uri: str, candidate: Candidate
) -> None:
    from mlflow import MlflowClient

    about = About("Topic", ("de", "en"), "Short texts alone.")
    code = ContainerCode(MODELS, LOCKS)
    releases = MlflowReleaseRegistry(tracking_uri, "topic", code, about)
    version = releases.register(candidate)
    releases.publish(version, url=URL, sha256="f" * 64, card=ModelCard(("a", "b"), 64))
    client = MlflowClient(tracking_uri=tracking_uri)
    found = client.get_model_version(candidate.name, version.version)
    assert found.description == "Topic (de, en). Short texts alone."
    assert found.tags["twolane.languages"] == "de, en"
    assert found.tags["twolane.limits"] == "Short texts alone."
    named = client.get_registered_model(candidate.name)
    assert named.description == "Topic; served by the twolane container."


@pytest.mark.parametrize("alias", ["champion", "nobody"])
def test_the_pipeline_is_told_of_an_unknown_alias(tracking_uri: str, alias: str) -> None:
    with pytest.raises(UnknownModelAlias, match=alias):
        MlflowModelRegistry(tracking_uri).resolve("no-such-model", alias)


def test_an_alias_that_was_never_set_is_unknown(tracking_uri: str, candidate: Candidate) -> None:
    MlflowReleaseRegistry(tracking_uri, "topic", ContainerCode(MODELS, LOCKS)).register(candidate)
    with pytest.raises(UnknownModelAlias, match="champion"):
        MlflowModelRegistry(tracking_uri).resolve(candidate.name, "champion")


def test_the_run_holds_what_made_the_model(tracking_uri: str, candidate: Candidate) -> None:
    from mlflow import MlflowClient

    releases = MlflowReleaseRegistry(tracking_uri, "topic", ContainerCode(MODELS, LOCKS))
    version = releases.register(candidate)
    client = MlflowClient(tracking_uri=tracking_uri)
    run = client.get_run(version.run_id)
    assert run.data.metrics == {"accuracy": 0.9, "f1/Sci/Tech": 0.8, "f1/R_D__": 0.7}
    assert run.data.params == {"folds": "5", "data_uri": candidate.data_uri}
    (dataset,) = run.inputs.dataset_inputs
    assert dataset.dataset.digest == "e" * 36
    logged = {file.path for file in client.list_artifacts(version.run_id, "environment")}
    assert logged == {"environment/models", "environment/training"}


def test_a_registry_that_is_away_is_no_unknown_alias() -> None:
    away = "http://127.0.0.1:9"
    with pytest.raises(RegistryUnavailable):
        MlflowModelRegistry(away).resolve("topic", "champion")
