"""A release makes each thing once, picks up where it stopped, and overrules no one."""

from __future__ import annotations

import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from include.domain.errors import ReleaseFailed
from include.domain.model_ref import ModelCard, ModelRef
from include.pipeline.versions.model_archive import (
    file_sha256,
    pack_archive,
    tree_digest,
    unpack_archive,
)
from include.pipeline.versions.ports import TrainingRequest
from include.pipeline.versions.release_model import (
    ReleasePlan,
    ReleasePorts,
    deploy_model,
    release_model,
)
from tests.support.fakes.objects import FakeObjectStore
from tests.support.fakes.releases import FakeReleaseRegistry
from tests.support.fakes.sagemaker import FakeEndpoint

DESCRIPTION = {
    "name": "news-topic",
    "format": "hash",
    "labels": ["Sports", "World"],
    "max_tokens": 16,
}
METRICS = {
    "accuracy": 0.9,
    "data_digest": "abc",
    "parameters": {"folds": 5},
    "per_class": {"Sports": {"f1": 0.8}},
}


class FakeTraining:
    """Completes at once; keeps every job's output in the object store."""

    def __init__(self, objects: FakeObjectStore, scratch: Path) -> None:
        self.objects = objects
        self.scratch = scratch
        self.requests: list[TrainingRequest] = []
        self.files = {"model.json": DESCRIPTION, "metrics.json": METRICS}

    def run(self, request: TrainingRequest) -> str:
        self.requests.append(request)
        extra = {name: json.dumps(value).encode() for name, value in self.files.items()}
        (self.scratch / "empty").mkdir(exist_ok=True)
        pack_archive(self.scratch / "empty", extra, self.scratch / "trained.tar.gz")
        uri = f"{request.output_prefix}/{request.name}/output/model.tar.gz"
        self.objects.upload(self.scratch / "trained.tar.gz", uri)
        return uri


class World:
    """One release's surroundings."""

    def __init__(self, folder: Path) -> None:
        self.objects = FakeObjectStore()
        self.training = FakeTraining(self.objects, folder)
        self.registry = FakeReleaseRegistry()
        self.lines: list[str] = []
        self.promoted: list[str] = []
        data = folder / "news.jsonl"
        data.write_text('{"id": "1"}\n')
        self.plan = ReleasePlan("news-topic", "champion", "twolane-models", data, "code", {})

    def release(self, **changes: object) -> tuple[ModelRef, str]:
        plan = replace(self.plan, **changes)  # type: ignore[arg-type]
        ports = ReleasePorts(
            self.objects, self.registry, self.lines.append, self.training, self.promote
        )
        return release_model(plan, ports)

    def promote(self, name: str, version: str) -> None:
        self.promoted.append(version)
        self.registry.point_alias(name, "champion", version)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_release_trains_registers_publishes_and_points_the_alias(
    world: World, tmp_path: Path
) -> None:
    model, url = world.release()
    assert url == "s3://twolane-models/news-topic/1/model.tar.gz"
    assert world.registry.aliases == {"champion": "1"}
    assert world.promoted == ["1"]
    assert world.registry.card == ModelCard(("Sports", "World"), 16)
    assert world.registry.candidates[0].metrics == {"accuracy": 0.9, "f1/Sports": 0.8}
    published = tmp_path / "published.tar.gz"
    world.objects.download(url, published)
    assert model == ModelRef("news-topic", "1", file_sha256(published))
    unpack_archive(published, tmp_path / "published")
    identity = json.loads((tmp_path / "published" / "version.json").read_text())
    digest = world.registry.candidates[0].training_digest
    assert identity == {"name": "news-topic", "version": "1", "run_id": "run-1", "digest": digest}


def test_the_training_job_reads_exactly_the_uploaded_data(world: World) -> None:
    world.release()
    (request,) = world.training.requests
    uploaded = [uri for uri in world.objects.objects if uri.startswith(request.data_prefix)]
    assert [uri.rsplit("/", 1)[1] for uri in uploaded] == ["news.jsonl"]
    assert len(request.name) <= 63


def test_running_it_again_makes_nothing_new(world: World) -> None:
    first = world.release()
    writes = dict(world.objects.writes)
    assert world.release() == first
    assert len(world.training.requests) == len(world.registry.versions) == 1
    assert world.objects.writes == writes


@pytest.mark.parametrize(
    "change", [{"code_digest": "other"}, {"parameters": {"folds": "3"}}], ids=["code", "parameters"]
)
def test_other_code_or_parameters_make_another_version(
    world: World, change: dict[str, object]
) -> None:
    world.release()
    model, _ = world.release(**change)
    assert model.version == "2"
    assert world.training.requests[0].name != world.training.requests[1].name


def test_a_champion_that_stands_is_challenged_and_never_replaced(world: World) -> None:
    world.release()
    world.release(code_digest="other")
    assert world.registry.aliases == {"champion": "1", "challenger": "2"}
    assert world.promoted == ["1"]
    next_step = world.lines[-1]
    assert "compare_challenger" in next_step
    assert "include.cli.champion --model news-topic promote 2" in next_step


def test_another_alias_is_pointed_and_no_one_promoted(world: World) -> None:
    world.release(alias="challenger")
    assert world.registry.aliases == {"challenger": "1"}
    assert world.promoted == []


def test_other_data_make_another_version(world: World) -> None:
    world.release()
    world.plan.data.write_text('{"id": "2"}\n')
    assert world.release()[0].version == "2"


def test_a_release_that_died_after_registering_is_finished_by_the_next(world: World) -> None:
    model, url = world.release()
    digest, version = world.registry.versions[0]
    world.registry.versions = [(digest, replace(version, model_data_url=""))]
    world.registry.aliases.clear()
    assert world.release() == (model, url)
    assert len(world.registry.candidates) == 1
    assert world.registry.aliases == {"champion": "1"}


def test_one_that_died_beside_a_champion_becomes_challenger_all_the_same(world: World) -> None:
    world.release()
    publish = world.registry.publish
    world.registry.publish = fails  # type: ignore[method-assign, assignment]
    with pytest.raises(ReleaseFailed, match="no answer"):
        world.release(code_digest="more")
    world.registry.publish = publish  # type: ignore[method-assign]

    world.release(code_digest="more")
    assert world.registry.aliases == {"champion": "1", "challenger": "2"}


def fails(*_: object, **__: object) -> None:
    raise ReleaseFailed("no answer")


def test_a_published_artifact_that_was_lost_is_published_again(world: World) -> None:
    model, url = world.release()
    del world.objects.objects[url]
    assert world.release() == (model, url)
    assert world.objects.exists(url)


def test_an_operator_who_rolled_back_is_not_overruled(world: World) -> None:
    world.release()
    world.release(code_digest="other")
    world.registry.aliases.clear()
    world.registry.point_alias("news-topic", "champion", "1")
    world.release(code_digest="other")
    assert world.registry.aliases == {"champion": "1"}
    assert "alias champion stays at version 1" in world.lines


def test_a_job_without_a_model_is_named(world: World) -> None:
    world.training.files = {"metrics.json": METRICS}
    with pytest.raises(ReleaseFailed, match=r"twolane-train-news-topic-.* model\.json"):
        world.release()
    assert not world.registry.versions


def test_a_model_whose_figures_are_no_numbers_is_not_registered(world: World) -> None:
    world.training.files["metrics.json"] = METRICS | {"fp32_difference": float("nan")}
    with pytest.raises(ReleaseFailed, match="fp32_difference is no number"):
        world.release()
    assert not world.registry.versions
    assert not world.promoted


def test_the_endpoint_has_the_versions_name(world: World) -> None:
    model, url = world.release()
    assert deploy_model(model, url, FakeEndpoint(), world.lines.append) == model.resource_name


def test_the_archive_has_the_same_bytes_whenever_it_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "b.bin").write_bytes(b"\x00" * 1000)
    (folder / "sub" / "a.txt").write_text("a")
    first = pack_archive(folder, {"version.json": b"{}"}, tmp_path / "1.tar.gz")
    (folder / "b.bin").touch()
    assert pack_archive(folder, {"version.json": b"{}"}, tmp_path / "2.tar.gz") == first
    with tarfile.open(tmp_path / "1.tar.gz") as tar:
        assert tar.getnames() == ["b.bin", "sub/a.txt", "version.json"]
        assert {(m.mtime, m.uid, m.gid) for m in tar} == {(0, 0, 0)}


def test_the_code_digest_follows_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "notes.md").write_text("x")
    one = tree_digest(tmp_path, ("*.py",))
    (tmp_path / "notes.md").write_text("y")
    assert tree_digest(tmp_path, ("*.py",)) == one
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert tree_digest(tmp_path, ("*.py",)) != one
