"""`make bench-cascade DOCS=file.jsonl`: trains a cascade on a labelled file, and measures it.

    python -m benchmarks.cascade FILE [--model FOLDER] [--rounds N] [--set epochs=2 ...]

Fine-tuning takes minutes to hours without a card. `--model` measures an artifact that was trained
on the file before (by this command, or by `train` on the whole file) instead. Documents asked about
are others than those trained on. Writes `benchmarks/results/cascade-<file>.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.cascade.corpus import Corpus, read_json
from benchmarks.cascade.figures import figures, table
from benchmarks.cascade.fit import PARAMETERS, ROOT, VENVS, train
from benchmarks.engine.machine import describe
from include.models.training.documents import LabelledDocument

RESULTS = ROOT / "benchmarks" / "results"
WORK = ROOT / ".twolane" / "bench-cascade"


def main() -> int:
    """Train where no model is named, measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", dest="given")
    options = parser.parse_args()
    corpus = Corpus.read(options.documents)
    given = dict(pair.split("=", 1) for pair in options.given)
    name = options.documents.stem
    model = options.model or train(corpus.training, PARAMETERS | given, WORK / name)
    asked = corpus.unseen_by(model)
    description = read_json(model / "model.json")
    result: dict[str, Any] = {
        "file": options.documents.name,
        "machine": describe(),
        "training": read_json(model / "metrics.json"),
        "cascade": description.get("cascade"),
    }
    if "cascade" in description:
        measured = _measure(model, asked, options.rounds)
        result["held_out"] = figures([document.label for document in asked], measured)
        print(table(result["held_out"], description["cascade"]["evidence"]))
    else:
        print("no cascade: training found no threshold with the evidence for one")
    result["training"].pop("per_class")
    target = RESULTS / f"cascade-{name}.json"
    target.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written to {target.relative_to(ROOT)}")
    return 0


def _measure(model: Path, asked: Sequence[LabelledDocument], rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="twolane-cascade-") as folder:
        documents = Path(folder) / "asked.jsonl"
        lines = [json.dumps({"id": d.id, "text": d.text}) for d in asked]
        documents.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [VENVS / "serving/bin/python", "-m", "benchmarks.cascade.measure"]
        done = subprocess.run(
            [*command, model.resolve(), documents, str(rounds)],
            env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'include/models'}"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


if __name__ == "__main__":
    sys.exit(main())
