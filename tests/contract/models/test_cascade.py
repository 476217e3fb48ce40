"""A fine-tuned cascade, from the training container to the serving container."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.container import SAMPLE, run_command, run_program, serving

PARAMETERS = {
    "method": "fine-tune",
    "epochs": "1",
    "max_tokens": "48",
    "folds": "1",
    "calibration_documents": "8",
    "min_agreement": "0.5",
    "cascade_folds": "2",
    # So few documents bear out nothing less.
    "cascade_max_loss": "0.6",
}

WITHDRAWN = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from training.cascade import TrainedCascade
from training.cascade_release import release_cascade
from training.documents import read_documents
from training.parameters import TrainingParameters
from training.threshold import Evidence
from serving.artifact import PoolWeights
from serving.linear_model import LinearModel

folder, sample = Path(sys.argv[2]), Path(sys.argv[3])
before = (folder / "model.json").read_bytes()
documents = read_documents([sample])[:60]
truth = [document.label for document in documents]
model = LinearModel.load(Path(sys.argv[4]))
evidence = Evidence(0.0, 9000, 1.0, 0, 0, 0.002, 0.95, 0.001)
model.weight[:] = 0  # It says the same of every document.
model.token_weight[:] = 0
found = release_cascade(
    TrainedCascade(model, 1.0, PoolWeights(), evidence), folder, documents, truth,
    TrainingParameters(), {})
print(json.dumps(found | {
    "as before": (folder / "model.json").read_bytes() == before,
    "file": (folder / "cascade.npz").exists(),
}))
"""


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def cascade_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An `/opt/ml` whose `model` was fine-tuned on 100 documents, with a cascade."""
    root = tmp_path_factory.mktemp("cascade")
    channel, config = root / "input/data/training", root / "input/config"
    channel.mkdir(parents=True)
    config.mkdir(parents=True)
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()[:100]
    (channel / "news.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (config / "hyperparameters.json").write_text(json.dumps(PARAMETERS))
    done = run_command("torch", "train", root)
    assert done.returncode == 0, done.stderr
    return root


def test_the_artifact_has_both_stages_and_their_evidence(cascade_root: Path) -> None:
    files = {path.name for path in (cascade_root / "model").iterdir()}
    assert {"encoder.safetensors", "cascade.npz", "model.xml", "head.safetensors"} <= files
    model, metrics = (read(cascade_root / "model" / n) for n in ("model.json", "metrics.json"))
    assert model["encoder"]["method"] == "fine-tune"
    assert model["cascade"]["file"] == "cascade.npz"
    assert model["cascade"]["evidence"]["documents"] == metrics["n_train"]
    assert model["cascade"]["evidence"]["loss_bound"] <= 0.6
    assert min(model["cascade"]["pool"].values()) >= 0
    assert max(model["cascade"]["pool"].values()) > 0
    assert metrics["cascade"]["kept"]
    assert metrics["cascade"]["loss"] == pytest.approx(
        metrics["accuracy"] - metrics["cascade"]["accuracy"], abs=0.0002
    )
    assert metrics["accuracy"] > 0.7


def test_served_each_answer_says_its_stage(cascade_root: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(cascade_root / "model", tmp_path / "model"))
    description = read(model / "model.json")
    description["cascade"]["threshold"] = 0.6
    (model / "model.json").write_text(json.dumps(description))
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()[200:280]
    records = [{"id": d["id"], "text": d["text"]} for d in map(json.loads, lines)]
    with serving(tmp_path) as server:
        together = server.classify(records)
        alone = [server.classify([record])[0] for record in records[:10]]
    assert [answer["id"] for answer in together] == [record["id"] for record in records]
    assert {answer["stage"] for answer in together} == {"cheap", "encoder"}
    assert all(a["score"] >= 0.6 for a in together if a["stage"] == "cheap")
    assert [(a["label"], a["stage"]) for a in alone] == [
        (a["label"], a["stage"]) for a in together[:10]
    ]


def test_what_the_held_out_documents_contradict_is_taken_back(
    cascade_root: Path, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(cascade_root / "model", tmp_path / "model"))
    cheap = (model / "cascade.npz").rename(tmp_path / "cheap.npz")
    description = read(model / "model.json")
    description.pop("cascade")
    text = json.dumps(description, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (model / "model.json").write_text(text)
    found = json.loads(run_program("training", WITHDRAWN, str(model), str(SAMPLE), str(cheap)))
    assert found["kept"] is False
    assert found["harmful"] > 20
    assert found["as before"]
    assert found["file"] is False
