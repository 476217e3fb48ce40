"""The training data of a bundle: the heads of its models' champions, and their documents."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from include.domain.errors import ReleaseFailed
from include.domain.model_ref import ModelRef
from include.domain.promotion.alias import Alias
from include.domain.release.catalog import BundleEntry
from include.pipeline.ports.directories import ModelRegistry
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.release.labelled_files import read_labelled
from include.pipeline.versions.model_archive import pack_archive, unpack_archive

ARCHIVE = "bundle.tar.gz"
_FROZEN = "frozen"
_FILES = ("model.json", "head.safetensors", "tokenizer.json")


def pack_bundle(
    bundle: BundleEntry,
    documents: Mapping[str, Path],
    scratch: Path,
    *,
    registry: ModelRegistry,
    objects: ObjectStore,
) -> Path:
    """Pack what a bundle is made of; the same champions give the same bytes.

    Args:
        bundle: its heads.
        documents: of each model, what it was trained on.
        scratch: an empty folder.
        registry: knows the champions.
        objects: holds their artifacts.

    Raises:
        UnknownModelAlias: a model has no champion.
        ReleaseFailed: a champion is not a head on the frozen encoder.
    """
    folder = scratch / "bundle"
    heads = []
    for name in bundle.heads:
        model = registry.resolve(name, Alias.CHAMPION)
        artifact = scratch / name
        archive = scratch / f"{name}.tar.gz"
        objects.download(registry.artifact_url(model), archive)
        unpack_archive(archive, artifact)
        _check_frozen(artifact, model)
        (folder / name).mkdir(parents=True)
        for file in _FILES:
            shutil.copyfile(artifact / file, folder / name / file)
        (folder / name / "documents.jsonl").write_text(_lines(documents[name]), encoding="utf-8")
        heads.append({"name": model.name, "version": model.version})
    plan = (json.dumps({"heads": heads}, indent=2) + "\n").encode()
    target = scratch / ARCHIVE
    pack_archive(folder, {"bundle.json": plan}, target)
    return target


def _check_frozen(artifact: Path, model: ModelRef) -> None:
    try:
        described = json.loads((artifact / "model.json").read_text(encoding="utf-8"))
        method = described.get("encoder", {}).get("method", described["format"])
    except (OSError, ValueError, KeyError, AttributeError) as exc:
        raise ReleaseFailed(f"{model.label}: its model.json cannot be read: {exc!r}") from exc
    if method != _FROZEN or described.get("cascade"):
        made = f"{method} with a cascade" if described.get("cascade") else method
        raise ReleaseFailed(
            f"{model.label} is made by method {made}: a bundle shares the frozen encoder; make "
            f"such a champion with the DAG release_model, candidates {_FROZEN} alone"
        )


def _lines(path: Path) -> str:
    return "".join(
        json.dumps({"id": d.id, "text": d.text, "label": d.label}, ensure_ascii=False) + "\n"
        for d in read_labelled(path)
    )
