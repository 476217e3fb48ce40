"""What is told of a classifier's folder before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from include.cli.import_model import pack, reach
from include.domain.errors import ReleaseFailed
from include.pipeline.versions.hugging_face import look_at
from tests.support.pretrained import LABELS, TinyClassifier


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return TinyClassifier("bert").write(tmp_path / "own")


def without(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def rewritten(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def header(content: bytes) -> Callable[[Path], object]:
    return rewritten("model.safetensors", len(content).to_bytes(8, "little") + content)


def labelled(names: dict[str, str]) -> Callable[[Path], object]:
    return rewritten("config.json", json.dumps({"id2label": names}).encode())


def cut_short(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-5])


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def sharded(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model.safetensors.index.json")


def test_labels_and_positions(folder: Path, tmp_path: Path) -> None:
    assert look_at(folder).labels == LABELS
    assert look_at(folder).max_tokens == 40
    assert look_at(TinyClassifier("roberta").write(tmp_path / "roberta")).max_tokens == 40


def test_labels_are_in_the_order_of_the_output_whatever_the_files(folder: Path) -> None:
    names = {str(number): f"label {number}" for number in range(12)}
    labelled(dict(sorted(names.items())))(folder)  # as transformers writes them: 10 before 2
    assert look_at(folder).labels == tuple(f"label {number}" for number in range(12))


def test_a_reach_that_the_model_has_no_positions_for_is_refused(folder: Path) -> None:
    files = look_at(folder)
    assert reach(None, files) == reach(40, files) == 40
    for wanted in (0, -5, 41):
        with pytest.raises(ReleaseFailed, match=rf"--max-tokens {wanted}: the model reads 8 to 40"):
            reach(wanted, files)


def test_the_tokenizer_may_stand_elsewhere(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "tokenizer"
    other.mkdir()
    (folder / "tokenizer.json").rename(other / "tokenizer.json")
    assert look_at(folder, other).tokenizer == other / "tokenizer.json"


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (without("config.json"), "has no config.json: it is written by model.save_pretrained"),
        (without("tokenizer.json"), "has no tokenizer.json: a fast tokenizer writes it"),
        (without("model.safetensors"), "has no model.safetensors: .*safe_serialization=True"),
        (pickled, "has pytorch_model.bin and no model.safetensors: pickled weights are not read"),
        (sharded, "in several files; save them as one"),
        (cut_short, "bytes, its header says .*: copy it again"),
        (rewritten("model.safetensors", b"tiny"), "is no file of safetensors"),
        (rewritten("model.safetensors", b"\x02" + b"\0" * 7 + b"no"), "its header cannot be read"),
        (rewritten("config.json", b"{"), "config.json cannot be read"),
        (rewritten("config.json", b"[]"), "config.json is no JSON object"),
        (rewritten("config.json", b"{}"), "id2label names no two labels"),
        (rewritten("tokenizer.json", b"\xff"), "tokenizer.json cannot be read"),
        (rewritten("config.json", b"[" * 100_000), "config.json cannot be read: maximum recursion"),
        (header(b'{"a": {"data_offsets": [0, Infinity]}}'), "its header cannot be read: Overflow"),
        (header(b"[" * 100_000), "its header cannot be read: Recursion"),
        (labelled({"0": "calm", "2": "glad"}), "does not number the labels from 0 on"),
        (labelled({"0": "calm", "1": "calm"}), "names two classes alike"),
    ],
)
def test_what_is_wrong_is_named_with_a_remedy(
    folder: Path, spoil: Callable[[Path], object], problem: str
) -> None:
    spoil(folder)
    with pytest.raises(ReleaseFailed, match=problem):
        look_at(folder)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ReleaseFailed, match="no such folder"):
        look_at(tmp_path / "nowhere")


def test_documents_of_other_labels_are_refused(folder: Path, tmp_path: Path) -> None:
    documents = tmp_path / "documents.jsonl"
    documents.write_text(json.dumps({"id": "1", "text": "w1", "label": "glad"}) + "\n")
    with pytest.raises(ReleaseFailed, match=r"label\(s\) glad are not the model's, which are calm"):
        pack(look_at(folder), documents, tmp_path)


def test_the_same_files_are_the_same_archive(folder: Path, tmp_path: Path) -> None:
    archives = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        archives.append(pack(look_at(folder), None, tmp_path / name).read_bytes())
    assert archives[0] == archives[1]
