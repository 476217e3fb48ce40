"""The gates on models that were really trained: a worse challenger is stopped, a better one not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from include.domain.release.evaluation import CHAMPION_KEY, Evaluation, parse_evaluation
from include.domain.release.gates import judge
from include.domain.release.judgement import GateResult, Judged
from include.domain.release.split import hash_bucket, is_tested
from include.files.release_policy import load_gates
from include.pipeline.versions.model_archive import file_sha256, pack_archive
from tests.support.container import ROOT, run_command, run_program
from tests.support.labelled_topics import Document, mislabelled, topics

LIMITS = load_gates(ROOT / "mlflow" / "gates.toml")
TEST_PERCENT = 40
HELD_OUT = {"method": "linear", "held_out_percent": str(TEST_PERCENT + 8)}


class Judgement:
    """Challengers, trained and evaluated beside a champion that had fewer documents."""

    def __init__(self, folder: Path) -> None:
        documents = topics(3000)
        trained_on = {
            CHAMPION_KEY: documents[:1900],
            "better": documents,
            "shuffled": mislabelled(documents, 0.3, TEST_PERCENT),
            "one-slice": mislabelled(
                documents, 0.9, TEST_PERCENT, lambda each: each["slice"] == "letters"
            ),
        }
        job = folder / "evaluation" / "processing"
        self.digests = {
            key: _train(folder / key, data, job / "input" / "models" / key)
            for key, data in trained_on.items()
        }
        tested = [each for each in documents if is_tested(each["text"], TEST_PERCENT)]
        _write(tested, job / "input" / "documents" / "documents.jsonl")
        config = {"models": {key: {"cascade": False} for key in trained_on}}
        config |= {"rounds": 1, "round_s": 0.1, "resamples": 1000}
        (job / "input" / "config").mkdir()
        (job / "input" / "config" / "evaluation.json").write_text(json.dumps(config))
        done = run_command("training", "evaluate", job.parent)
        assert done.returncode == 0, done.stderr
        found = json.loads((job / "output" / "evaluation.json").read_text())
        self.evaluation: Evaluation = parse_evaluation(found)

    def gates(self, key: str) -> dict[str, GateResult]:
        found = {"cpu": self.evaluation}
        judged = Judged(key, found, {"cpu": 0.1}, self.digests[key], "ef" * 32)
        return {gate.name: gate for gate in judge(judged, LIMITS)}


def _write(documents: Iterable[Document], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(each) + "\n" for each in documents))


def _train(root: Path, data: Iterable[Document], target: Path) -> str:
    """Train on what is not tested, put the archive into `target`; return the data's digest."""
    channel = root / "input" / "data" / "training" / "documents.jsonl"
    _write((each for each in data if not is_tested(each["text"], TEST_PERCENT)), channel)
    (root / "input" / "config").mkdir()
    (root / "input" / "config" / "hyperparameters.json").write_text(json.dumps(HELD_OUT))
    done = run_command("training", "train", root)
    assert done.returncode == 0, done.stderr
    target.mkdir(parents=True)
    pack_archive(root / "model", {}, target / "model.tar.gz")
    shutil.rmtree(root / "model")
    return file_sha256(channel)


@pytest.fixture(scope="module")
def judgement(tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    return Judgement(tmp_path_factory.mktemp("judgement"))


def failed(gates: dict[str, GateResult]) -> set[str]:
    return {name for name, gate in gates.items() if not gate.passed}


def test_a_better_challenger_passes(judgement: Judgement) -> None:
    gates = judgement.gates("better")
    assert not failed(gates), gates
    assert gates["accuracy"].measured > 0


def test_one_that_learned_shuffled_labels_for_30_percent_is_stopped(judgement: Judgement) -> None:
    gates = judgement.gates("shuffled")
    assert "accuracy" in failed(gates)
    assert "missed by" in gates["accuracy"].sentence


def test_one_that_is_worse_on_one_slice_only_is_stopped_by_the_slice_gate(
    judgement: Judgement,
) -> None:
    gates = judgement.gates("one-slice")
    assert failed(gates) == {"slices"}, gates
    assert gates["slices"].sentence.startswith("slice:letters lost")


SPLIT_PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from training.documents import hash_bucket
print(json.dumps([[hash_bucket(t, s) for t in json.loads(sys.argv[2])] for s in (0, 7)]))
"""


def test_the_container_splits_as_the_release_does() -> None:
    texts = ["Late goal wins the cup", "late  goal wins\nTHE CUP", "Straße", "", "東京"]
    container = json.loads(run_program("training", SPLIT_PROGRAM, json.dumps(texts)))
    assert container == [[hash_bucket(text, seed) for text in texts] for seed in (0, 7)]
    assert container[0][0] == container[0][1]
    assert container[0] != container[1]
