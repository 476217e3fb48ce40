"""The torch image keeps the contract of the serving image; here on the CPU, by the same code."""

from __future__ import annotations

import gzip
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.container import (
    SAMPLE,
    log_events,
    run_command,
    run_program,
    serving,
)

TORCH = {"MODEL_ENGINE": "torch", "MODEL_DEVICE": "cpu", "MODEL_TOKENIZERS": "2"}
BAD = [b"{bad\n", b"\n", b'{"id": "empty", "text": " "}\n', b'{"id": "\xff", "text": "x"}\n']


def shard_lines() -> list[bytes]:
    """News of many lengths, among them an empty line and records that are none."""
    good = []
    for number, line in enumerate(SAMPLE.read_bytes().splitlines()[200:240]):
        record = json.loads(line)
        text = record["text"] * (number % 4 + 1)
        good.append(json.dumps({"id": f"n{number}", "text": text}).encode() + b"\n")
    return [*good[:30], *BAD, *good[30:]]


def pack_model(source: Path, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted(source.iterdir()):
            tar.add(path, path.name)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def prepare(root: Path, model: Path) -> Path:
    documents = root / "processing/input/documents/part"
    documents.mkdir(parents=True)
    lines = shard_lines()
    (documents / "a.jsonl").write_bytes(b"".join(lines))
    (documents / "b.jsonl.gz").write_bytes(gzip.compress(b"".join(lines[::-1])))
    (documents / "c.jsonl").write_bytes(b"")
    pack_model(model, root / "processing/input/model/model.tar.gz")
    return root


@pytest.fixture(scope="module")
def outputs(trained_root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same job on both images; the torch image's has a second model beside."""
    cpu = prepare(tmp_path_factory.mktemp("cpu"), trained_root / "model")
    torch = prepare(tmp_path_factory.mktemp("torch"), trained_root / "model")
    other = tmp_path_factory.mktemp("other") / "model"
    shutil.copytree(trained_root / "model", other)
    described = json.loads((other / "model.json").read_text())
    described["labels"] = [label.upper() for label in described["labels"]]
    (other / "model.json").write_text(json.dumps(described))
    pack_model(other, torch / "processing/input/model/upper.tar.gz")
    for image, root, more in (("serving", cpu, {}), ("torch", torch, TORCH)):
        done = run_command(image, "process", root, **more)
        assert done.returncode == 0, done.stderr
        (root / "log").write_text(done.stdout)
    return {"serving": cpu, "torch": torch}


@pytest.mark.parametrize("shard", ["a.jsonl", "b.jsonl.gz", "c.jsonl"])
def test_a_job_answers_as_on_the_serving_image(outputs: dict[str, Path], shard: str) -> None:
    theirs, ours = (
        read(outputs[image] / f"processing/output/part/{shard}.out")
        for image in ("serving", "torch")
    )
    assert [a["id"] for a in ours] == [a["id"] for a in theirs]
    assert [a.get("error") for a in ours] == [a.get("error") for a in theirs]
    same = [a.get("label") == b.get("label") for a, b in zip(ours, theirs, strict=True)]
    assert sum(same) >= 0.95 * len(same)  # int8 against fp32


def test_models_that_share_an_encoder_answer_in_one_pass(outputs: dict[str, Path]) -> None:
    target = outputs["torch"] / "processing/output"
    first, second = read(target / "part/a.jsonl.out"), read(target / "upper/part/a.jsonl.out")
    assert len(first) == len(second) == 43
    for a, b in zip(first, second, strict=True):
        assert a["id"] == b["id"]
        assert a.get("label", "").upper() == b.get("label", "")
        assert a.get("score") == b.get("score")


def test_a_model_without_an_encoder_runs_as_on_the_serving_image(
    linear_root: Path, tmp_path: Path
) -> None:
    answers = []
    for image, more in (("serving", {}), ("torch", TORCH)):
        root = prepare(tmp_path / image, linear_root / "model")
        done = run_command(image, "process", root, **more)
        assert done.returncode == 0, done.stderr
        answers.append(read(root / "processing/output/part/a.jsonl.out"))
    assert answers[0] == answers[1]


def test_the_summary_counts_what_was_done(outputs: dict[str, Path]) -> None:
    counts = [
        log_events((outputs[image] / "log").read_text())[-1] for image in ("serving", "torch")
    ]
    for name in ("event", "documents", "tokens", "errors", "model"):
        assert counts[0][name] == counts[1][name]


def test_a_shard_that_breaks_off_fails_and_the_others_are_done(
    trained_root: Path, tmp_path: Path
) -> None:
    root = prepare(tmp_path, trained_root / "model")
    documents = root / "processing/input/documents/part"
    short = b"".join(b'{"id": "%d", "text": "up"}\n' % number for number in range(1500))
    (documents / "a0.jsonl.gz").write_bytes(gzip.compress(short)[:-200])
    done = run_command("torch", "process", root, **TORCH)
    assert done.returncode == 1
    assert "a0.jsonl.gz: the gzip is corrupt" in done.stderr
    found = {path.name for path in (root / "processing/output").rglob("*.out")}
    assert found == {"a.jsonl.out", "b.jsonl.gz.out", "c.jsonl.out"}
    assert len(read(root / "processing/output/part/a.jsonl.out")) == 43


@pytest.fixture(scope="module")
def own_encoder(trained_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trained artifact with an encoder of its own, as fine-tuning leaves one."""
    model = tmp_path_factory.mktemp("own") / "model"
    shutil.copytree(trained_root / "model", model)
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "from serving.pretrained import weights_folder\n"
        "from training.encoder import Encoder\n"
        "from training.portable_weights import write_encoder\n"
        "write_encoder(Encoder.load(weights_folder(), 128), Path(sys.argv[2]))\n"
    )
    run_program("training", program, str(model))
    return model


def test_an_encoder_of_the_artifact_is_used(
    own_encoder: Path, outputs: dict[str, Path], tmp_path: Path
) -> None:
    root = prepare(tmp_path, own_encoder)
    done = run_command("torch", "process", root, **TORCH)
    assert done.returncode == 0, done.stderr
    kept, packaged = (
        read(folder / "processing/output/part/a.jsonl.out") for folder in (root, outputs["torch"])
    )
    for a, b in zip(kept, packaged, strict=True):
        assert a.get("score") == pytest.approx(b.get("score"), abs=5e-3)  # float16 weights


def test_models_of_two_encoders_are_refused(
    own_encoder: Path, trained_root: Path, tmp_path: Path
) -> None:
    root = prepare(tmp_path, trained_root / "model")
    pack_model(own_encoder, root / "processing/input/model/other.tar.gz")
    done = run_command("torch", "process", root, **TORCH)
    assert done.returncode == 1
    assert "has another encoder than" in done.stderr


@pytest.fixture(scope="module")
def with_cascade(trained_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trained artifact behind a cheap stage of random weights, sure of some documents."""
    model = tmp_path_factory.mktemp("cascade") / "model"
    shutil.copytree(trained_root / "model", model)
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "import numpy as np\n"
        "from serving.linear_model import LinearModel, UNKNOWN\n"
        "from serving.term_features import TermSpace\n"
        "space, words = TermSpace(30522, 10), 30522\n"
        "rows = np.full(space.size, UNKNOWN, dtype=np.int32)\n"
        "rows[:words] = np.arange(words)\n"
        "weight = np.random.default_rng(3).normal(size=(words, 4), scale=3).astype(np.float32)\n"
        "ones, bias = np.ones(words, dtype=np.float32), np.zeros(4, dtype=np.float32)\n"
        "token_weight = np.zeros((words, 4), dtype=np.float32)\n"
        "model = LinearModel(space, rows, ones, weight, bias, token_weight)\n"
        "model.save(Path(sys.argv[2]) / 'cascade.npz')\n"
    )
    run_program("training", program, str(model))
    description = json.loads((model / "model.json").read_text())
    description["cascade"] = {
        "file": "cascade.npz",
        "threshold": 0.8,
        "max_tokens": 512,
        "max_characters": 5120,
    }
    (model / "model.json").write_text(json.dumps(description))
    return model


def test_a_cascade_answers_the_same_documents_on_both_images(
    with_cascade: Path, tmp_path: Path
) -> None:
    found = {}
    for image, more in (("serving", {}), ("torch", TORCH)):
        root = prepare(tmp_path / image, with_cascade)
        done = run_command(image, "process", root, **more)
        assert done.returncode == 0, done.stderr
        found[image] = read(root / "processing/output/part/a.jsonl.out")
    stages = [[answer.get("stage") for answer in answers] for answers in found.values()]
    assert stages[0] == stages[1]
    assert {"cheap", "encoder"} <= set(stages[0])
    for ours, theirs in zip(found["torch"], found["serving"], strict=True):
        if ours.get("stage") == "cheap":
            assert ours == theirs


def test_an_artifact_without_its_head_is_refused(trained_root: Path, tmp_path: Path) -> None:
    shutil.copytree(trained_root / "model", tmp_path / "model")
    (tmp_path / "model/head.safetensors").unlink()
    root = prepare(tmp_path / "job", tmp_path / "model")
    done = run_command("torch", "process", root, **TORCH)
    assert done.returncode == 1
    assert "head.safetensors" in done.stderr


def test_the_server_answers(trained_root: Path) -> None:
    with serving(trained_root, image="torch", **TORCH) as server:
        answers = server.classify(
            [{"id": "1", "text": "The striker scored twice in the cup final."}, {"id": "2"}]
        )
    assert answers[0]["label"] == "Sports"
    assert answers[1]["error"]["code"] == "missing_text"


def test_models_of_both_kinds_are_evaluated_on_torch(
    trained_root: Path, linear_root: Path, tmp_path: Path
) -> None:
    inputs = tmp_path / "processing/input"
    (inputs / "documents").mkdir(parents=True)
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()[200:240]
    (inputs / "documents/news.jsonl").write_text("\n".join(lines))
    (inputs / "config").mkdir()
    models = {"frozen": trained_root, "linear": linear_root}
    config = {"models": {key: {"cascade": False} for key in models}, "rounds": 1, "round_s": 0.1}
    (inputs / "config/evaluation.json").write_text(json.dumps(config))
    for key, root in models.items():
        pack_model(root / "model", inputs / f"models/{key}/model.tar.gz")
    done = run_command("torch", "evaluate", tmp_path, **TORCH)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "processing/output/evaluation.json").read_text())
    assert found["hardware"]["engine"] == "torch"
    assert found["models"]["frozen"]["accuracy"] > 0.8
    assert found["models"]["linear"]["accuracy"] > 0.6
