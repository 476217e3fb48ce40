"""The labelled documents of a release: read, checked, split, and put where jobs read them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from include.domain.errors import ReleaseFailed, ReleaseRejected
from include.domain.release.candidates import CandidatesPlan
from include.domain.release.split import is_tested
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.release.labelled_files import Labelled, read_labelled
from include.pipeline.release.release_records import PreparedData
from include.pipeline.versions.model_archive import file_sha256


def prepare_data(
    data_uri: str,
    plan: CandidatesPlan,
    *,
    split_seed: int = 0,
    models_bucket: str,
    objects: ObjectStore,
) -> PreparedData:
    """Split a labelled file into what jobs are given and what they are tested on.

    The parts stand under the digest of the file and the split, so that the same data are prepared
    once. A document's side follows from its text alone: it keeps it whatever is added later.

    Raises:
        ReleaseRejected: the file cannot be read, an id stands twice, or a side lacks documents.
        ObjectMissing: there is no such file.
    """
    with tempfile.TemporaryDirectory(prefix="twolane-release-") as scratch:
        raw = Path(scratch) / PurePosixPath(data_uri).name
        objects.download(data_uri, raw)
        digest = file_sha256(raw)
        documents = _read(raw)
        _refuse_twice(documents, data_uri)
        test: list[Labelled] = []
        fit: list[Labelled] = []
        for each in documents:
            side = test if is_tested(each.text, plan.test_percent, split_seed) else fit
            side.append(each)
        _refuse_empty(fit, test, data_uri)
        folder = f"s3://{models_bucket}/release-data/{digest[:32]}-{plan.test_percent}"
        folder += f"-{split_seed}" if split_seed else ""
        fit_path, test_path = Path(scratch) / "fit.jsonl", Path(scratch) / "test.jsonl"
        for part, path, name in ((fit, fit_path, "fit"), (test, test_path, "test")):
            _write(part, path)
            uri = f"{folder}/{name}/documents.jsonl"
            if not objects.exists(uri):
                objects.upload(path, uri, "application/jsonlines")
        return PreparedData(
            digest=digest,
            fit_prefix=f"{folder}/fit/",
            fit_digest=file_sha256(fit_path),
            fit_documents=len(fit),
            test_prefix=f"{folder}/test/",
            test_documents=len(test),
            labels=tuple(sorted({each.label for each in fit})),
        )


def _read(path: Path) -> list[Labelled]:
    try:
        return list(read_labelled(path))
    except ReleaseFailed as exc:
        raise ReleaseRejected(str(exc)) from exc


def _refuse_twice(documents: Iterable[Labelled], data_uri: str) -> None:
    ids: set[str] = set()
    for document in documents:
        if document.id in ids:
            raise ReleaseRejected(f"{data_uri}: the id {document.id!r} stands twice")
        ids.add(document.id)


def _refuse_empty(fit: list[Labelled], test: list[Labelled], data_uri: str) -> None:
    if not fit or not test:
        raise ReleaseRejected(
            f"{data_uri}: {len(fit) + len(test)} documents split into {len(fit)} to train on and "
            f"{len(test)} to test on; both are needed"
        )
    labels = {each.label for each in fit}
    if unseen := sorted({each.label for each in test} - labels):
        raise ReleaseRejected(f"{data_uri}: no document to train on has label {', '.join(unseen)}")
    if len(labels) < 2:
        raise ReleaseRejected(f"{data_uri}: two labels are needed, there is {', '.join(labels)}")


def _write(documents: Iterable[Labelled], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for document in documents:
            value = {"id": document.id, "text": document.text, "label": document.label}
            if document.slice:
                value["slice"] = document.slice
            file.write(json.dumps(value, ensure_ascii=False) + "\n")
