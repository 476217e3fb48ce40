"""`make bench-bundle`: the catalogue's bundle beside its models, one pass against several.

    python -m benchmarks.bundle [--rounds N] [--copies N] [--trained]

Trains the models on their samples and joins them, by the container's own commands; then both ways
answer the same documents in turns. Writes `benchmarks/results/bundle.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.cascade.fit import ENTRY, ROOT, VENVS, train
from benchmarks.engine.machine import describe
from include.domain.release.catalog import BundleEntry, load_catalog
from include.pipeline.versions.model_archive import pack_archive

WORK = ROOT / ".twolane" / "bench-bundle"
RESULT = ROOT / "benchmarks" / "results" / "bundle.json"
FILES = ("model.json", "head.safetensors", "tokenizer.json")


def main() -> int:
    """Train, join, measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--copies", type=int, default=5, help="of the samples, to be asked about")
    parser.add_argument("--trained", action="store_true", help="the models of the last run")
    options = parser.parse_args()
    catalog = load_catalog()
    bundle = next(iter(catalog.bundles.values()))
    data = {head: ROOT / catalog.model(head).data for head in bundle.heads}
    models = {
        head: WORK / head / "model"
        if options.trained
        else train(path.read_bytes(), {"method": "frozen", "model_name": head}, WORK / head)
        for head, path in data.items()
    }
    joined = join(bundle, models, data)
    asked = WORK / "asked.jsonl"
    lines = [line for path in data.values() for line in path.read_text().splitlines()]
    asked.write_text("\n".join(lines * options.copies) + "\n")
    command = [VENVS / "serving/bin/python", "-m", "benchmarks.bundle.measure"]
    done = subprocess.run(
        [*command, asked, str(options.rounds), joined, *models.values()],
        # One precision for all, whatever each would be served in: passes are compared.
        env=os.environ
        | {"PYTHONPATH": f"{ROOT}:{ROOT / 'include/models'}", "MODEL_PRECISION": "int8"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    result = {
        "bundle": bundle.name,
        "heads": list(bundle.heads),
        "machine": describe(),
        **measured,
        **ratios(measured),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    shares = ", ".join(f"{each / measured['documents']:.2%}" for each in measured["same_label"])
    print(
        f"{bundle.name}: {result['documents_per_s']['bundle']:.0f} documents/s in one pass, "
        f"{result['documents_per_s']['apart']:.0f} in {len(models)}: {result['speedup']:.2f} times "
        f"({result['speedup_range'][0]:.2f} to {result['speedup_range'][1]:.2f}); "
        f"labels as alone: {shares}"
    )
    print(f"written to {RESULT.relative_to(ROOT)}")
    return 0


def ratios(measured: dict[str, Any]) -> dict[str, Any]:
    """Rates, and how many times as fast one pass is: the median of the rounds, and their range."""
    seconds, count = measured["seconds"], measured["documents"]
    each = [a / b for a, b in zip(seconds["apart"], seconds["bundle"], strict=True)]
    return {
        "documents_per_s": {name: round(count / median(s), 1) for name, s in seconds.items()},
        "speedup": round(median(each), 3),
        "speedup_range": [round(min(each), 3), round(max(each), 3)],
    }


def join(bundle: BundleEntry, models: dict[str, Path], data: dict[str, Path]) -> Path:
    """Make the bundle of trained models; return its artifact's folder."""
    root = WORK / bundle.name
    shutil.rmtree(root, ignore_errors=True)
    folder, channel = root / "members", root / "input/data/training"
    channel.mkdir(parents=True)
    (root / "input/config").mkdir()
    for head, model in models.items():
        (folder / head).mkdir(parents=True)
        for file in FILES:
            shutil.copyfile(model / file, folder / head / file)
        shutil.copyfile(data[head], folder / head / "documents.jsonl")
    heads = [{"name": head, "version": "0"} for head in models]
    plan = json.dumps({"heads": heads}).encode()
    pack_archive(folder, {"bundle.json": plan}, channel / "bundle.tar.gz")
    said = {"method": "bundle", "model_name": bundle.name}
    (root / "input/config/hyperparameters.json").write_text(json.dumps(said))
    command = [VENVS / "training" / "bin" / "python", ENTRY, "train"]
    subprocess.run(command, env=os.environ | {"ML_ROOT": str(root)}, check=True)
    return root / "model"


if __name__ == "__main__":
    sys.exit(main())
