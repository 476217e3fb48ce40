"""A classifier trained elsewhere answers in our container as it did there."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.container import run_command, run_program
from tests.support.pretrained import LABELS, TinyClassifier, texts, tokenizer

FAMILIES = ("bert", "roberta", "distilbert")

ASK = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from serving.precision import Precision
from training.documents import LabelledDocument
from training.verification import served
documents = [LabelledDocument(str(k), text, "") for k, text in enumerate(json.loads(sys.argv[3]))]
found = served(Path(sys.argv[2]), documents, os.environ, Precision.FP32)
print(json.dumps([[answer.label, answer.score] for answer in found]))
"""

ASK_ON_TORCH = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from torch_engine.backend import TorchBackend
from torch_engine.loading import load_models
from torch_engine.settings import TorchSettings
settings, texts = TorchSettings.from_environment({"MODEL_DEVICE": "cpu"}), json.loads(sys.argv[2])
said = []
for folder in sys.argv[3:]:
    backend = TorchBackend.of(load_models([Path(folder)], settings))
    said.append(backend.infer(0, backend.tokenize(texts), 0).tolist())
print(json.dumps(said))
"""

LOAD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from training.pretrained_classifier import PretrainedClassifier
from training.pretrained_weights import PretrainedError
said = []
for folder in sys.argv[2:]:
    try:
        PretrainedClassifier.load(Path(folder))
        said.append("")
    except PretrainedError as error:
        said.append(str(error))
print(json.dumps(said))
"""


def channel_of(ml_root: Path, model: TinyClassifier, **parameters: str) -> None:
    """Fill a training job's input with the model, and with documents that have its labels."""
    folder = model.write(ml_root / "pretrained")
    asked = texts(60)
    labels = [LABELS[answer.argmax()] for answer in model.answers(asked)]
    lines = [
        json.dumps({"id": str(k), "text": text, "label": label})
        for k, (text, label) in enumerate(zip(asked, labels, strict=True))
    ]
    (folder / "documents.jsonl").write_text("\n".join(lines))
    channel = ml_root / "input/data/training"
    channel.mkdir(parents=True)
    with tarfile.open(channel / "pretrained.tar.gz", "w:gz") as tar:
        for path in folder.iterdir():
            tar.add(path, path.name)
    config = ml_root / "input/config"
    config.mkdir()
    said = {"method": "import", "max_tokens": "32", "model_name": "my-own"} | parameters
    (config / "hyperparameters.json").write_text(json.dumps(said))


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The artifact of a classifier of each family."""
    folders = {}
    for family in FAMILIES:
        root = tmp_path_factory.mktemp(family)
        channel_of(root, TinyClassifier(family))
        done = run_command("training", "train", root)
        assert done.returncode == 0, done.stderr
        folders[family] = root / "model"
    return folders


@pytest.mark.parametrize("family", FAMILIES)
def test_it_answers_as_its_description_says(imported: dict[str, Path], family: str) -> None:
    folder, asked = imported[family], texts(20, seed=2)
    found = json.loads(run_program("training", ASK, str(folder), json.dumps(asked)))
    expected = TinyClassifier(family).answers(asked)
    assert len({label for label, _ in found}) > 1
    for (label, score), probabilities in zip(found, expected, strict=True):
        assert score == pytest.approx(float(probabilities.max()), abs=0.005)
        assert label == LABELS[probabilities.argmax()]

    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["fp32_accuracy"] == 1.0
    assert metrics["fp32_difference"] < 0.005
    assert json.loads((folder / "model.json").read_text())["labels"] == list(LABELS)


def test_the_torch_image_answers_as_well(imported: dict[str, Path]) -> None:
    asked = texts(20, seed=3)
    folders = [str(imported[family]) for family in FAMILIES]
    said = json.loads(run_program("torch", ASK_ON_TORCH, json.dumps(asked), *folders))
    for family, rows in zip(FAMILIES, said, strict=True):
        expected = np.array(TinyClassifier(family).answers(asked))
        assert np.array(rows) == pytest.approx(expected, abs=0.005), family


def test_more_tokens_than_positions_are_refused(tmp_path: Path) -> None:
    channel_of(tmp_path, TinyClassifier("bert"), max_tokens="64")
    done = run_command("training", "train", tmp_path)
    assert done.returncode == 1
    assert "max_tokens 64: the model has 40 positions" in done.stderr


def lacking(model: TinyClassifier, folder: Path) -> None:
    del model.tensors["bert.encoder.layer.1.output.dense.bias"]
    model.write(folder)


def misshapen(model: TinyClassifier, folder: Path) -> None:
    name = "bert.encoder.layer.0.attention.self.key.weight"
    model.tensors[name] = model.tensors[name][:-1]
    model.write(folder)


def cut_short(model: TinyClassifier, folder: Path) -> None:
    path = model.write(folder) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def other_tokenizer(model: TinyClassifier, folder: Path) -> None:
    model.write(folder)
    content = tokenizer()
    content["model"]["vocab"]["surplus"] = 99  # type: ignore[index]
    (folder / "tokenizer.json").write_text(json.dumps(content))


def without_tokenizer(model: TinyClassifier, folder: Path) -> None:
    (model.write(folder) / "tokenizer.json").unlink()


def configured(**changes: object) -> Callable[[TinyClassifier, Path], None]:
    def write(model: TinyClassifier, folder: Path) -> None:
        model.config |= changes
        model.write(folder)

    return write


FAULTS = {
    "model.safetensors lacks the tensor encoder.layer.1.output.dense.bias": lacking,
    "encoder.layer.0.attention.self.key.weight has the shape (31, 32)": misshapen,
    "cannot read model.safetensors": cut_short,
    "tokenizer.json knows 55 tokens, model.safetensors has vectors for 54": other_tokenizer,
    "cannot read tokenizer.json": without_tokenizer,
    "config.json: model_type 't5' is not a valid Family; supported: bert": configured(
        model_type="t5"
    ),
    "config.json: hidden_act 'relu' is not supported": configured(hidden_act="relu"),
    "problem_type 'multi_label_classification' is not supported": configured(
        problem_type="multi_label_classification"
    ),
    "config.json: id2label does not name": configured(id2label={"1": "a", "2": "b"}),
    "config.json: id2label needs two or more": configured(id2label={"0": "a"}),
    "config.json: the encoder's sizes": configured(hidden_size=None),
}


def test_what_cannot_be_read_is_told_by_file(tmp_path: Path) -> None:
    folders = []
    for number, write in enumerate(FAULTS.values()):
        folder = tmp_path / str(number)
        write(TinyClassifier("bert"), folder)
        folders.append(str(folder))
    said = json.loads(run_program("training", LOAD, *folders))
    for problem, message in zip(FAULTS, said, strict=True):
        assert problem in message
