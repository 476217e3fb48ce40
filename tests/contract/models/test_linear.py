"""The linear model, from the training container to the serving container."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from include.models.training.documents import read_documents, split_documents
from tests.support.container import SAMPLE, run_command, serving


def test_the_artifact_is_small_and_says_what_it_is(linear_root: Path) -> None:
    folder = linear_root / "model"
    files = {path.name for path in folder.iterdir()}
    assert files == {"model.json", "metrics.json", "linear.npz", "tokenizer.json"}
    assert sum(path.stat().st_size for path in folder.iterdir()) < 5_000_000
    model, metrics = (json.loads((folder / n).read_text()) for n in ("model.json", "metrics.json"))
    assert (model["format"], model["max_tokens"]) == ("linear", 2048)
    assert set(model["signature"]) == {"inputs", "outputs"}
    assert metrics["agreement"] == 1.0
    assert metrics["accuracy"] > 0.7


def test_served_it_answers_as_training_measured_it(linear_root: Path) -> None:
    held_out = split_documents(read_documents([SAMPLE]), 20).held_out
    records = [{"id": d.id, "text": d.text} for d in held_out]
    with serving(linear_root) as server:
        together = server.classify(records)
        alone = [server.classify([record])[0] for record in records[:10]]
    right = [answer["label"] == d.label for answer, d in zip(together, held_out, strict=True)]
    metrics = json.loads((linear_root / "model/metrics.json").read_text())
    assert sum(right) / len(right) == pytest.approx(metrics["accuracy"], abs=1e-4)
    assert alone == together[:10]
    assert all("stage" not in answer for answer in together)


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"cascade_folds": "2"}, "no stage after it"),
        ({"regularization": "strong"}, "hyperparameter regularization"),
    ],
)
def test_what_it_cannot_be_told_is_refused(
    linear_root: Path, tmp_path: Path, parameters: dict[str, str], reason: str
) -> None:
    shutil.copytree(linear_root / "input", tmp_path / "input")
    path = tmp_path / "input/config/hyperparameters.json"
    path.write_text(json.dumps({"method": "linear", **parameters}))
    assert run_command("training", "train", tmp_path).returncode == 1
    assert reason in (tmp_path / "output/failure").read_text()


def test_a_model_of_other_labels_is_refused(linear_root: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(linear_root / "model", tmp_path / "model"))
    model = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(model | {"labels": ["a", "b"]}))
    done = run_command("serving", "serve", tmp_path)
    assert done.returncode == 1
    assert "4 classes, model.json 2 labels" in done.stderr
