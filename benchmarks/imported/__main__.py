"""`make bench-import`: fine-tuned with transformers, imported, and asked beside transformers.

    python -m benchmarks.imported [FAMILY ...] [--documents FILE]

On the running stack. A classifier of each family is trained and saved by its owner's libraries
alone, then imported twice, from the saved folder and from MLflow, by the command that users run.
The deployed endpoint, the serving image in fp32 and the torch image on the CPU answer documents
that it was not trained on. Writes `benchmarks/results/import.json`; fails where an answer is not
the owner's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.cascade.fit import ROOT, VENVS
from benchmarks.engine.environments import ensure
from benchmarks.engine.machine import describe
from benchmarks.imported.container import ask
from benchmarks.imported.figures import Comparison, compare
from include.wiring.batches.bootstrap import twolane
from stack.install import Installer

WORK = ROOT / ".twolane" / "bench-import"
RESULT = ROOT / "benchmarks" / "results" / "import.json"
SAMPLE = ROOT / "include" / "sample" / "news.jsonl"
FAMILIES = ("bert", "roberta", "distilbert")
ALIAS = "bench-import"
"""Moves to what was imported last, whichever version is champion."""
ASKED_EVERY = 5
"""One document of so many is asked about, and not trained on."""


def main() -> int:
    """Train, import, ask, compare, keep; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", default=FAMILIES)
    parser.add_argument("--documents", type=Path, default=SAMPLE)
    options = parser.parse_args()
    python = ensure("bench-mlflow-transformers", Installer())
    WORK.mkdir(parents=True, exist_ok=True)
    trained, asked = _split(options.documents)
    result: dict[str, Any] = {"machine": describe(), "models": {}}
    is_within = True
    for family in options.families:
        owned = _owner(python, family, trained, asked)
        saved = ["--hugging-face", str(WORK / family / "saved")]
        for name, source in (
            (f"bench-{family}", saved),
            (f"bench-{family}-mlflow", ["--mlflow", owned["uri"]]),
        ):
            found = _import_and_ask(name, source, trained, asked, owned)
            result["models"][name] = {how: asdict(each) for how, each in found.items()}
            for how, each in found.items():
                within = each.is_within("int8" if how == "endpoint" else "fp32")
                is_within &= within
                print(
                    f"{name}, {how}: {each.agreement:.1%} of {each.documents} labels as "
                    f"transformers says ({each.rarest} of the rarest), probabilities within "
                    f"{each.difference:.4f}"
                    f"{'' if within else ': NOT AS IT SHOULD BE'}",
                    flush=True,
                )
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(f"written to {RESULT.relative_to(ROOT)}")
    return 0 if is_within else 1


def _split(documents: Path) -> tuple[Path, Path]:
    lines = documents.read_text(encoding="utf-8").splitlines()
    trained, asked = WORK / "trained.jsonl", WORK / "asked.jsonl"
    trained.write_text("".join(f"{x}\n" for k, x in enumerate(lines) if k % ASKED_EVERY))
    asked.write_text("".join(f"{x}\n" for x in lines[::ASKED_EVERY]))
    return trained, asked


def _owner(python: Path, family: str, trained: Path, asked: Path) -> dict[str, Any]:
    find = "from serving.pretrained import weights_folder; print(weights_folder())"
    paths = {"PYTHONPATH": str(ROOT / "include" / "models")}
    weights = subprocess.check_output(
        [VENVS / "training/bin/python", "-c", find], env=os.environ | paths, text=True
    ).strip()
    command = [python, "-m", "benchmarks.imported.owner", family, weights, trained, asked]
    done = subprocess.run(
        [*command, WORK / family],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    owned: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return owned


def _import_and_ask(
    name: str, source: list[str], trained: Path, asked: Path, owned: dict[str, Any]
) -> dict[str, Comparison]:
    command = [sys.executable, "-m", "include.cli.import_model", "--name", name, *source]
    subprocess.run([*command, "--documents", trained, "--alias", ALIAS], cwd=ROOT, check=True)
    app = twolane()
    model = app.registry.resolve(name, ALIAS)
    url = app.registry.artifact_url(model)
    lines = app.endpoint.invoke(app.endpoint.ensure(model, artifact_url=url), asked.read_bytes())
    artifact = WORK / f"{name}.tar.gz"
    app.objects.download(url, artifact)
    answers = {"endpoint": [json.loads(line) for line in lines.splitlines() if line]} | {
        f"{image} image, fp32": ask(image, artifact, asked, WORK / "job")
        for image in ("serving", "torch")
    }
    return {how: compare(owned["answers"], owned["labels"], each) for how, each in answers.items()}


if __name__ == "__main__":
    sys.exit(main())
