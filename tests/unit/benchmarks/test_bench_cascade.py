"""bench-cascade: who was trained on what, and the figures."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from benchmarks.cascade.corpus import ASKED, Corpus, UnknownTrainingDataError
from benchmarks.cascade.figures import figures, table
from include.models.training.documents import hash_bucket


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "documents.jsonl"
    rows = [{"id": f"d{n}", "text": f"text {n}", "label": "ab"[n % 2]} for n in range(200)]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
    return path


def artifact(folder: Path, data: bytes, percent: int) -> Path:
    folder.mkdir()
    digest = hashlib.sha256(data).hexdigest()
    (folder / "model.json").write_text(json.dumps({"data_digest": digest}))
    parameters = {"parameters": {"held_out_percent": percent}}
    (folder / "metrics.json").write_text(json.dumps(parameters))
    return folder


def test_the_documents_asked_about_are_not_trained_on(file: Path, tmp_path: Path) -> None:
    corpus = Corpus.read(file)
    trained = {json.loads(line)["id"] for line in corpus.training.splitlines()}
    asked = {d.id for d in corpus.unseen_by(artifact(tmp_path / "m", corpus.training, 5))}
    assert not trained & asked
    assert trained | asked == {d.id for d in corpus.documents}
    assert {hash_bucket(id_) in ASKED for id_ in asked} == {True}


def test_of_a_model_trained_on_the_whole_file_its_held_out_are_asked(
    file: Path, tmp_path: Path
) -> None:
    corpus = Corpus.read(file)
    asked = corpus.unseen_by(artifact(tmp_path / "m", file.read_bytes(), 20))
    assert asked
    assert asked == [d for d in corpus.documents if hash_bucket(d.text) < 20]


def test_a_model_of_other_data_is_refused(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownTrainingDataError):
        Corpus.read(file).unseen_by(artifact(tmp_path / "m", b"other", 20))


def test_figures_are_paired() -> None:
    truth = ["a"] * 8 + ["b"] * 2
    measured = {
        "labels": {
            "encoder": ["a"] * 9 + ["b"],
            "cheap": ["b"] * 10,
            "cascade": ["b"] * 2 + ["a"] * 6 + ["b"] * 2,
        },
        "stages": ["cheap"] * 4 + ["encoder"] * 6,
        "rates": {"encoder": [100.0, 50.0], "cheap": [900.0, 900.0], "cascade": [200.0, 200.0]},
    }
    found = figures(truth, measured)
    assert found["accuracy"] == {"encoder": 0.9, "cheap": 0.2, "cascade": 0.8}
    assert (found["harmful"], found["helpful"], found["loss"]) == (2, 1, 0.1)
    assert found["loss_bound_95"] > 0.1
    assert found["answered_cheaply"] == 0.4
    assert found["speed_ratio"] == 3.0
    assert found["speed_ratio_range"] == [2.0, 4.0]
    evidence = {"threshold": 0.9, "documents": 5, "answered": 0.5, "loss_bound": 0.001}
    assert "80.0%" in table(found, evidence)
