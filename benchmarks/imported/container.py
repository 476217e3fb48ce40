"""Asking an artifact by its container's own `process`, on either image."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.cascade.fit import ENTRY, VENVS

FP32 = {
    "serving": {"MODEL_PRECISION": "fp32"},
    "torch": {"MODEL_ENGINE": "torch", "MODEL_DEVICE": "cpu", "MODEL_TOKENIZERS": "1"},
}
"""What makes an image answer in fp32."""


def ask(image: str, artifact: Path, documents: Path, root: Path) -> list[dict[str, Any]]:
    """Return the response lines, in fp32.

    Args:
        image: `serving` or `torch`.
        artifact: `model.tar.gz`.
        documents: JSON Lines.
        root: a folder for the job, as the container's `/opt/ml`.

    Raises:
        CalledProcessError: the job failed; its output has said why.
    """
    shutil.rmtree(root, ignore_errors=True)
    inputs = root / "processing" / "input"
    for source, target in ((artifact, "model/model.tar.gz"), (documents, "documents/all.jsonl")):
        (inputs / target).parent.mkdir(parents=True)
        shutil.copyfile(source, inputs / target)
    subprocess.run(
        [VENVS / image / "bin" / "python", ENTRY, "process"],
        env=os.environ | FP32[image] | {"ML_ROOT": str(root)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    lines = (root / "processing/output/all.jsonl.out").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line]
