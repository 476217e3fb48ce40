"""The golden evaluation, reported anew from its documents and answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.container import CONTRACT, run_program

GOLDEN = CONTRACT / "golden" / "evaluation"

_PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from serving.records import Prediction, Stage
from training.documents import data_digest, read_documents
from training.evaluation_report import EvaluatedModel, Hardware, Speed, report
from training.paired_bootstrap import Resampling

folder = Path(sys.argv[2])
files = [folder / "documents.jsonl"]
documents = read_documents(files)
measured = {
    "champion": (Speed(412.5, 21450.0, 5.1, 9.8), 23_904_188, 0.9875),
    "linear": (Speed(9800.0, 509600.0, 0.4, 0.9), 1_604_221, 1.0),
    "cascade": (Speed(1612.0, 83824.0, 2.2, 9.6), 46_718_004, 0.9962),
}


def answers(key):
    lines = (folder / f"answers/{key}.jsonl").read_text().splitlines()
    return [
        Prediction(a["id"], a["label"], a["score"], Stage(a["stage"]) if "stage" in a else None)
        for a in map(json.loads, lines)
    ]


models = {
    key: EvaluatedModel(("Business", "Sports", "World"), answers(key), *figures, "ab" * 32, True)
    for key, figures in measured.items()
}
hardware = Hardware("ml.c7i.large", "Intel(R) Xeon(R) Platinum 8488C", 2, "openvino")
how = Resampling(0.95, 2000, 0)
print(json.dumps(report(documents, data_digest(files), models, hardware, how)))
"""


def golden_report(folder: Path = GOLDEN) -> dict[str, Any]:
    """What the training image reports of the golden documents and answers."""
    found: dict[str, Any] = json.loads(run_program("training", _PROGRAM, str(folder)))
    return found
