"""Models on one frozen encoder, joined: each head answers as its model does alone."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from tests.contract.models.test_torch_jobs import TORCH, pack_model, read
from tests.support.container import ROOT, SAMPLE, run_command, run_program

TICKETS = ROOT / "include" / "sample" / "tickets.jsonl"
NAMES = ("news-topic", "ticket-urgency")

ASK = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from serving.precision import Precision
from training.documents import LabelledDocument
from training.verification import served
documents = [LabelledDocument(str(k), text, "") for k, text in enumerate(json.loads(sys.argv[2]))]
print(json.dumps([
    [[a.label, a.score] + [x for h in a.heads for x in (h.name, h.label, h.score)]
     for a in served(Path(folder), documents, os.environ, Precision.FP32)]
    for folder in sys.argv[3:]
]))
"""


def lines_of(sample: Path, count: int) -> str:
    return "".join(sample.read_text(encoding="utf-8").splitlines(keepends=True)[:count])


def job(ml_root: Path, **parameters: str) -> Path:
    """Make a training job's folders; return its channel."""
    channel = ml_root / "input/data/training"
    channel.mkdir(parents=True)
    config = ml_root / "input/config"
    config.mkdir()
    said = {"calibration_documents": "16", "max_tokens": "128"} | parameters
    (config / "hyperparameters.json").write_text(json.dumps(said))
    return channel


@pytest.fixture(scope="module")
def urgency_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ml_root = tmp_path_factory.mktemp("urgency")
    channel = job(ml_root, model_name="ticket-urgency", folds="3")
    (channel / "tickets.jsonl").write_text(lines_of(TICKETS, 160))
    done = run_command("training", "train", ml_root)
    assert done.returncode == 0, done.stderr
    return ml_root


def pack(channel: Path, models: dict[str, tuple[Path, str]]) -> None:
    """Lay out `bundle.tar.gz`: of each model its folder and its documents."""
    folder = channel.parent / "bundle"
    for name, (model, documents) in models.items():
        (folder / name).mkdir(parents=True)
        for file in ("model.json", "head.safetensors", "tokenizer.json"):
            (folder / name / file).write_bytes((model / file).read_bytes())
        (folder / name / "documents.jsonl").write_text(documents)
    heads = [{"name": name, "version": "1"} for name in models]
    (folder / "bundle.json").write_text(json.dumps({"heads": heads}))
    with tarfile.open(channel / "bundle.tar.gz", "w:gz") as tar:
        for path in sorted(folder.rglob("*")):
            tar.add(path, str(path.relative_to(folder)), recursive=False)


@pytest.fixture(scope="module")
def members(trained_root: Path, urgency_root: Path) -> dict[str, tuple[Path, str]]:
    documents = lines_of(SAMPLE, 160), lines_of(TICKETS, 160)
    folders = trained_root / "model", urgency_root / "model"
    return dict(zip(NAMES, zip(folders, documents, strict=True), strict=True))


@pytest.fixture(scope="module")
def bundle(members: dict[str, tuple[Path, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact's folder of both models joined."""
    ml_root = tmp_path_factory.mktemp("bundle")
    pack(job(ml_root, method="bundle", model_name="both"), members)
    done = run_command("training", "train", ml_root)
    assert done.returncode == 0, done.stderr
    return ml_root / "model"


def unseen_texts() -> list[str]:
    return [
        json.loads(line)["text"]
        for sample in (SAMPLE, TICKETS)
        for line in lines_of(sample, 200).splitlines()[160:]
    ]


def test_each_head_answers_as_its_model_does_alone(
    bundle: Path, members: dict[str, tuple[Path, str]]
) -> None:
    described = json.loads((bundle / "model.json").read_text())
    (head,) = described["heads"]
    assert (head["name"], head["labels"]) == ("ticket-urgency", ["high", "low", "normal"])
    assert described["labels"] == ["Business", "Sci/Tech", "Sports", "World"]
    metrics = json.loads((bundle / "metrics.json").read_text())
    assert metrics["accuracy"] == metrics["accuracy_news-topic"] > 0.8
    assert metrics["agreement"] >= 0.95

    folders = [bundle, *(members[name][0] for name in NAMES)]
    said = run_program("training", ASK, json.dumps(unseen_texts()), *map(str, folders))
    for both, topic, urgency in zip(*json.loads(said), strict=True):
        assert both[:2] == [topic[0], pytest.approx(topic[1], abs=1e-3)]
        assert both[2:] == ["ticket-urgency", urgency[0], pytest.approx(urgency[1], abs=1e-3)]


def test_both_images_answer_for_every_head(bundle: Path, tmp_path: Path) -> None:
    said = {}
    for image, more in (("serving", {"MODEL_PRECISION": "fp32"}), ("torch", TORCH)):
        root = tmp_path / image
        documents = root / "processing/input/documents"
        documents.mkdir(parents=True)
        (documents / "a.jsonl").write_text(
            "".join(
                json.dumps({"id": str(k), "text": text}) + "\n"
                for k, text in enumerate(unseen_texts())
            )
        )
        pack_model(bundle, root / "processing/input/model/model.tar.gz")
        done = run_command(image, "process", root, **more)
        assert done.returncode == 0, done.stderr
        said[image] = read(root / "processing/output/a.jsonl.out")
    for served, torch in zip(said["serving"], said["torch"], strict=True):
        for one, other in (
            (torch, served),
            (torch["heads"]["ticket-urgency"], served["heads"]["ticket-urgency"]),
        ):
            assert one["label"] == other["label"]
            assert one["score"] == pytest.approx(other["score"], abs=0.02)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"encoder": {"method": "fine-tune"}}, "ticket-urgency@1 is not a head on the pretrained"),
        ({"max_tokens": 64}, "ticket-urgency@1 has max_tokens 64, the bundle 128"),
    ],
)
def test_a_model_that_cannot_share_the_pass_is_named(
    members: dict[str, tuple[Path, str]], tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    channel = job(tmp_path, method="bundle")
    other, documents = members["ticket-urgency"]
    spoilt = tmp_path / "spoilt"
    spoilt.mkdir()
    for file in ("model.json", "head.safetensors", "tokenizer.json"):
        (spoilt / file).write_bytes((other / file).read_bytes())
    model = json.loads((other / "model.json").read_text())
    (spoilt / "model.json").write_text(json.dumps(model | changes))
    pack(channel, members | {"ticket-urgency": (spoilt, documents)})
    done = run_command("training", "train", tmp_path)
    assert done.returncode == 1
    assert reason in done.stderr
