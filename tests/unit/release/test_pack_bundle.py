"""A bundle's data are its models' champions and their documents, packed the same each time."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from include.domain.errors import ReleaseFailed, UnknownModelAlias
from include.domain.model_ref import ModelRef
from include.domain.release.catalog import BundleEntry
from include.pipeline.release.pack_bundle import pack_bundle
from include.pipeline.versions.model_archive import pack_archive
from tests.support.fakes import FakeModelRegistry, FakeObjectStore

BUNDLE = BundleEntry("both", "Both", ("topic", "urgency"))


class World:
    """Two registered models with artifacts, and their documents."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.registry = FakeModelRegistry()
        self.objects = FakeObjectStore()
        self.documents: dict[str, Path] = {}

    def add(self, name: str, **described: object) -> None:
        model = ModelRef(name, "3", "d" * 64)
        self.registry.add("champion", model)
        artifact = {"encoder": {"method": "frozen"}, "format": "openvino-int8"} | described
        files = {"model.json": json.dumps(artifact).encode(), "model.bin": b"large"}
        files |= {"head.safetensors": name.encode(), "tokenizer.json": b"{}"}
        (self.folder / "empty").mkdir(exist_ok=True)
        pack_archive(self.folder / "empty", files, self.folder / "model.tar.gz")
        self.objects.upload(self.folder / "model.tar.gz", self.registry.artifact_url(model))
        self.documents[name] = self.folder / f"{name}.csv"
        self.documents[name].write_text("id,text,label\n1,one,a\n")

    def pack(self, name: str) -> Path:
        scratch = self.folder / name
        scratch.mkdir()
        return pack_bundle(
            BUNDLE, self.documents, scratch, registry=self.registry, objects=self.objects
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_heads_and_documents_of_the_champions(world: World, tmp_path: Path) -> None:
    world.add("topic")
    world.add("urgency")
    first, second = world.pack("first"), world.pack("second")
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    plan = json.loads((tmp_path / "out/bundle.json").read_text())
    assert plan["heads"] == [
        {"name": "topic", "version": "3"},
        {"name": "urgency", "version": "3"},
    ]
    assert (tmp_path / "out/urgency/head.safetensors").read_text() == "urgency"
    assert json.loads((tmp_path / "out/topic/documents.jsonl").read_text())["text"] == "one"
    assert not (tmp_path / "out/topic/model.bin").exists()


@pytest.mark.parametrize(
    ("described", "made"),
    [
        ({"encoder": {"method": "fine-tune"}}, "fine-tune"),
        ({"encoder": {}, "format": "linear"}, "linear"),
        ({"cascade": {"file": "cascade.npz"}}, "frozen with a cascade"),
    ],
)
def test_a_champion_that_cannot_share_the_pass_is_named_with_a_remedy(
    world: World, described: dict[str, object], made: str
) -> None:
    world.add("topic")
    world.add("urgency", **described)
    with pytest.raises(
        ReleaseFailed, match=f"urgency@3 is made by method {made}: .*candidates frozen alone"
    ):
        world.pack("bundle")


def test_a_model_without_a_champion_is_named(world: World) -> None:
    world.add("topic")
    with pytest.raises(UnknownModelAlias, match="urgency"):
        world.pack("bundle")
