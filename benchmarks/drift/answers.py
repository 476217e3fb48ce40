"""Documents to watch: held out of a model that is trained here, and answered by it.

Training and answering are the container's own commands. What they gave is kept under
`.twolane/bench-drift`, by the digest of what went into them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.cascade.fit import ENTRY, ROOT, VENVS, train
from include.adapters.encoder_words import read_words
from include.pipeline.drift.document_features import FeatureRows, WatchedDocument, feature_rows
from include.pipeline.release.labelled_files import Labelled, read_labelled

WORK = ROOT / ".twolane" / "bench-drift"
PARAMETERS = {"method": "frozen", "model_name": "bench-drift"}
OTHER_DOCUMENTS = 2_000


@dataclass(frozen=True)
class Corpora:
    """What there is to simulate with.

    Attributes:
        training: what the model was trained on, with the true labels.
        served: held-out documents of the same source, as the model answered them.
        labels: true label of each of those.
        other: documents of the other source, as the model answered them.
        cut: the same, cut to lengths that documents of the first source have.
    """

    training: FeatureRows
    served: FeatureRows
    labels: tuple[str, ...]
    other: FeatureRows
    cut: FeatureRows


def corpora(documents: Path, other: Path) -> Corpora:
    """Train on half of one file; answer its other half, and some of the other file."""
    known = list(read_labelled(documents))
    halves = [[d for d in known if _bit(d.text) == side] for side in (0, 1)]
    strangers = sorted(read_labelled(other), key=lambda d: _digest(d.text.encode()))
    strangers = strangers[:OTHER_DOCUMENTS]
    root = WORK / _digest(documents.read_bytes() + other.read_bytes())[:16]
    cut = [
        replace(stranger, text=stranger.text[: len(known[position % len(known)].text)])
        for position, stranger in enumerate(strangers)
    ]
    if not (root / "model.tar.gz").exists():
        training = "".join(_line(d, with_label=True) for d in halves[0]).encode()
        model = train(training, PARAMETERS, root / "train")
        _pack(model, root / "model.tar.gz")
    for name, asked in (("other", strangers), ("cut", cut), ("served", halves[1])):
        if not (root / f"{name}.jsonl").exists():
            _answer(root, name, asked)
    vectors = read_words(root / "model.tar.gz", str(root))
    return Corpora(
        feature_rows([WatchedDocument(d.text, d.label) for d in halves[0]], vectors),
        feature_rows(_answered(root / "served.jsonl", halves[1]), vectors),
        tuple(d.label for d in halves[1]),
        feature_rows(_answered(root / "other.jsonl", strangers), vectors),
        feature_rows(_answered(root / "cut.jsonl", cut), vectors),
    )


def _answer(root: Path, name: str, asked: Sequence[Labelled]) -> None:
    """Run the container's `process` on documents; keep its output as `<name>.jsonl`."""
    ml_root = root / f"process-{name}"
    shutil.rmtree(ml_root, ignore_errors=True)
    for folder in ("input/documents", "input/model", "output"):
        (ml_root / "processing" / folder).mkdir(parents=True)
    shutil.copy(root / "model.tar.gz", ml_root / "processing/input/model/model.tar.gz")
    shard = ml_root / "processing/input/documents/00000.jsonl"
    shard.write_text("".join(_line(d) for d in asked), encoding="utf-8")
    command = [VENVS / "serving" / "bin" / "python", ENTRY, "process"]
    subprocess.run(command, env=os.environ | {"ML_ROOT": str(ml_root)}, check=True)
    shutil.move(ml_root / "processing/output/00000.jsonl.out", root / f"{name}.jsonl")


def _answered(path: Path, asked: Sequence[Labelled]) -> list[WatchedDocument]:
    answers = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return [
        WatchedDocument(document.text, answer.get("label"), answer.get("score"))
        for document, answer in zip(asked, answers, strict=True)
    ]


def _pack(folder: Path, target: Path) -> None:
    with tarfile.open(target, "w:gz", compresslevel=1) as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name)


def _line(document: Labelled, *, with_label: bool = False) -> str:
    value = {"id": document.id, "text": document.text}
    if with_label:
        value["label"] = document.label
    return json.dumps(value) + "\n"


def _bit(text: str) -> int:
    return int(_digest(text.encode())[:2], 16) % 2


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
