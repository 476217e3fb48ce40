"""Times a bundle beside its models one after the other, on the serving image's packages.

    python -m benchmarks.bundle.measure DOCUMENTS ROUNDS BUNDLE MODEL MODEL …

Prints one JSON line: seconds of each round, and on how many documents each head says what its model
says. Rounds alternate, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from serving.commands import build_engine
from serving.engine import Engine
from serving.metering import Meter
from serving.records import Prediction, Record
from serving.settings import ContainerSettings


def main(arguments: Sequence[str]) -> None:
    """Load every model once, then take turns."""
    documents = [json.loads(line) for line in Path(arguments[0]).read_text().splitlines()]
    records = [Record(each["id"], each["text"]) for each in documents]
    settings = ContainerSettings.from_environment(os.environ)
    bundle, *models = (build_engine(Path(each), settings, Meter()) for each in arguments[2:])
    together = answers(bundle, records)
    apart = [answers(model, records) for model in models]
    seconds: dict[str, list[float]] = {"bundle": [], "apart": []}
    for number in range(int(arguments[1])):
        turns = {"bundle": [bundle], "apart": models}
        for name in sorted(turns, reverse=bool(number % 2)):
            began = time.perf_counter()
            for engine in turns[name]:
                answers(engine, records)
            seconds[name].append(time.perf_counter() - began)
    said = [[each.label for each in together]]
    said += [[each.heads[k].label for each in together] for k in range(len(models) - 1)]
    alike = [
        sum(label == one.label for label, one in zip(labels, alone, strict=True))
        for labels, alone in zip(said, apart, strict=True)
    ]
    print(json.dumps({"documents": len(records), "seconds": seconds, "same_label": alike}))


def answers(engine: Engine, records: Sequence[Record]) -> list[Prediction]:
    """Every document's label; the samples have no document at fault."""
    return [each for each in engine.answers(records) if isinstance(each, Prediction)]


if __name__ == "__main__":
    main(sys.argv[1:])
