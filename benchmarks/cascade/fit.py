"""Training the model to measure, by the container's own command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENVS = ROOT / ".twolane" / "venvs"
ENTRY = ROOT / "include" / "models" / "entrypoint.py"
PARAMETERS = {"method": "fine-tune", "cascade_folds": "2", "held_out_percent": "5"}
"""Few are held out by training itself, since others are asked about afterwards."""


def train(training: bytes, parameters: Mapping[str, str], root: Path) -> Path:
    """Train in a folder of its own, which is emptied first.

    Args:
        training: the labelled documents, JSON Lines.
        parameters: hyperparameters.
        root: the folder, as the container's `/opt/ml`.

    Returns:
        The artifact's folder.

    Raises:
        CalledProcessError: training failed; its output has said why.
    """
    shutil.rmtree(root, ignore_errors=True)
    channel, config = root / "input/data/training", root / "input/config"
    channel.mkdir(parents=True)
    config.mkdir(parents=True)
    (channel / "documents.jsonl").write_bytes(training)
    (config / "hyperparameters.json").write_text(json.dumps(parameters), encoding="utf-8")
    image = "torch" if parameters["method"] == "fine-tune" else "training"
    command = [VENVS / image / "bin" / "python", ENTRY, "train"]
    subprocess.run(command, env=os.environ | {"ML_ROOT": str(root)}, check=True)
    return root / "model"
