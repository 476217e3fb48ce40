"""The `evaluate` command: models asked and timed as they are served, compared in one file."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from include.models.training.documents import read_documents, split_documents
from tests.support.container import CONTRACT, SAMPLE, log_events, run_command, trivial_model

CASCADE = {"file": "linear.npz", "threshold": 0.8, "max_tokens": 2048, "max_characters": 20480}


def pack(folder: Path, target: Path, **more: Any) -> None:
    """An archive of an artifact, with other fields in its `model.json`."""
    target.mkdir(parents=True)
    changed = target.with_name(f"{target.name}-unpacked")
    shutil.copytree(folder, changed)
    model = json.loads((changed / "model.json").read_text())
    (changed / "model.json").write_text(json.dumps(model | more))
    with tarfile.open(target / "model.tar.gz", "w:gz") as tar:
        for path in sorted(changed.iterdir()):
            tar.add(path, path.name)
    shutil.rmtree(changed)


def configure(root: Path, **config: Any) -> None:
    folder = root / "processing/input/config"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evaluation.json").write_text(json.dumps({"round_s": 0.1, **config}))


@pytest.fixture(scope="module")
def evaluated(linear_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An `/opt/ml` in which a cascade, the same without it and a model by chance are compared."""
    root = tmp_path_factory.mktemp("evaluate")
    models = root / "processing/input/models"
    pack(linear_root / "model", models / "cascade", cascade=CASCADE)
    pack(linear_root / "model", models / "linear", cascade=CASCADE)
    chance = trivial_model(root / "chance")
    labels = ["Business", "Sci/Tech", "Sports", "World"]
    pack(chance, models / "champion", labels=labels)
    documents = root / "processing/input/documents"
    documents.mkdir()
    held_out = split_documents(read_documents([SAMPLE]), 20).held_out
    rows = [
        {"id": d.id, "text": d.text, "label": d.label, "slice": "even" if k % 2 == 0 else None}
        for k, d in enumerate(held_out)
    ]
    (documents / "held-out.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    with_cascade = {"champion": True, "linear": False, "cascade": True}
    configure(
        root, models={k: {"cascade": v} for k, v in with_cascade.items()}, confidence=0.9, seed=3
    )
    done = run_command("training", "evaluate", root, INSTANCE_TYPE="ml.c7i.large")
    assert done.returncode == 0, done.stderr
    assert {event["event"] for event in log_events(done.stdout)} == {"evaluation"}
    return root / "processing"


@pytest.fixture(scope="module")
def found(evaluated: Path) -> dict[str, Any]:
    return json.loads((evaluated / "output/evaluation.json").read_text())


def answers(evaluated: Path, key: str) -> list[dict[str, Any]]:
    lines = (evaluated / f"output/answers/{key}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_what_is_written_keeps_the_schema(found: dict[str, Any]) -> None:
    jsonschema.validate(found, json.loads((CONTRACT / "evaluation.schema.json").read_text()))
    assert found["bootstrap"] == {"confidence": 0.9, "resamples": 2000, "seed": 3}
    assert found["hardware"]["instance_type"] == "ml.c7i.large"
    assert found["hardware"]["engine"] == "openvino"
    assert "slice:even" in found["models"]["linear"]["slices"]


def test_the_figures_are_those_of_the_answers(evaluated: Path, found: dict[str, Any]) -> None:
    (file,) = (evaluated / "input/documents").iterdir()
    truth = {d.id: d.label for d in read_documents([file])}
    for key, model in found["models"].items():
        given = answers(evaluated, key)
        assert [answer["id"] for answer in given] == list(truth)
        right = sum(answer["label"] == truth[answer["id"]] for answer in given)
        assert model["accuracy"] == pytest.approx(right / len(truth), abs=1e-4)
        assert sum(map(sum, model["confusion"])) == len(truth)
        assert sum(each["documents"] for each in model["reliability"]) == len(truth)


def test_a_cascade_is_used_where_it_is_asked_for(evaluated: Path, found: dict[str, Any]) -> None:
    stages = {answer.get("stage") for answer in answers(evaluated, "cascade")}
    assert stages == {"cheap", "encoder"}
    assert 0 < found["models"]["cascade"]["answered_cheaply"] < 1
    assert {answer.get("stage") for answer in answers(evaluated, "linear")} == {None}
    assert found["models"]["linear"]["answered_cheaply"] is None


def test_an_artifact_says_where_it_comes_from_or_is_said_not_to(found: dict[str, Any]) -> None:
    linear, champion = found["models"]["linear"], found["models"]["champion"]
    assert (linear["signature"], linear["agreement"]) == (True, 1.0)
    assert len(linear["data_digest"]) == 64
    assert (champion["signature"], champion["agreement"]) == (False, None)
    assert champion["data_digest"] is None


def test_better_than_by_chance_is_told_with_a_bound(found: dict[str, Any]) -> None:
    pairs = {(p["model"], p["against"]): p for p in found["pairs"] if p["slice"] is None}
    ahead, behind = pairs["linear", "champion"], pairs["champion", "linear"]
    assert 0 < ahead["accuracy_low"] < ahead["accuracy_difference"]
    assert ahead["p_not_inferior"] > 0.99
    assert behind["accuracy_difference"] == -ahead["accuracy_difference"]
    assert behind["p_not_inferior"] < 1e-6


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"models": {"missing": {"cascade": True}}}, "no model.tar.gz of missing"),
        ({"models": {"linear": {"cascade": True}}, "folds": 3}, "unknown: folds"),
        ({"models": {}}, "at least one model"),
    ],
)
def test_a_wrong_job_is_a_failure_with_a_reason(
    evaluated: Path, tmp_path: Path, config: dict[str, Any], reason: str
) -> None:
    shutil.copytree(evaluated / "input", tmp_path / "processing/input")
    configure(tmp_path, **config)
    assert run_command("training", "evaluate", tmp_path).returncode == 1
    assert reason in (tmp_path / "output/failure").read_text()
    assert not (tmp_path / "processing/output").exists()
