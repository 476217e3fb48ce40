"""The torch image keeps the contract of the serving image; here on the CPU, by the same code."""

from __future__ import annotations

import gzip
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.container import SAMPLE, log_events, run_command, serving

TORCH = {"MODEL_ENGINE": "torch", "MODEL_DEVICE": "cpu", "MODEL_TOKENIZERS": "2"}
BAD = [b"{bad\n", b"\n", b'{"id": "empty", "text": " "}\n', b'{"id": "\xff", "text": "x"}\n']


def shard_lines() -> list[bytes]:
    """News of many lengths, among them an empty line and records that are none."""
    good = []
    for number, line in enumerate(SAMPLE.read_bytes().splitlines()[200:290]):
        record = json.loads(line)
        text = record["text"] * (number % 7 + 1)
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
    assert len(first) == len(second) == 93
    for a, b in zip(first, second, strict=True):
        assert a["id"] == b["id"]
        assert a.get("label", "").upper() == b.get("label", "")
        assert a.get("score") == b.get("score")


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
    short = b"".join(b'{"id": "%d", "text": "up"}\n' % number for number in range(3000))
    (documents / "a0.jsonl.gz").write_bytes(gzip.compress(short)[:-400])
    done = run_command("torch", "process", root, **TORCH)
    assert done.returncode == 1
    assert "a0.jsonl.gz: the gzip is corrupt" in done.stderr
    found = {path.name for path in (root / "processing/output").rglob("*.out")}
    assert found == {"a.jsonl.out", "b.jsonl.gz.out", "c.jsonl.out"}
    assert len(read(root / "processing/output/part/a.jsonl.out")) == 93


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
