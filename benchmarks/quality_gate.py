"""Time of the quality gate: `python -m benchmarks.quality_gate`. Needs no running stack."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from include.adapters.quality import GreatExpectationsGate
from include.domain.batches.documents import RawDocument
from include.domain.batches.predictions import Prediction

SAMPLE = Path(__file__).parent.parent / "include" / "sample" / "news.jsonl"
SHARD_DOCUMENTS = 5_000
LABELS = ("World", "Sports", "Business", "Sci/Tech")


def _time(name: str, action: Callable[[], object], repeats: int = 9) -> None:
    wall_ms, cpu_ms = [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        action()
        wall_ms.append(1000 * (time.perf_counter() - wall))
        cpu_ms.append(1000 * (time.process_time() - cpu))
    print(
        f"{name:<28}{statistics.median(wall_ms):>10.1f} ms{statistics.median(cpu_ms):>10.1f} ms CPU"
        f"{max(wall_ms):>10.1f} ms at most"
    )


def main() -> None:
    """Print the median of each step."""
    texts = [json.loads(line)["text"] for line in SAMPLE.read_text("utf-8").splitlines()]
    rows = [RawDocument(i, f"n{i}", texts[i % len(texts)]) for i in range(SHARD_DOCUMENTS)]
    bad = [RawDocument(i, " ", "") for i in range(SHARD_DOCUMENTS)]
    predictions = [Prediction(f"n{i}", LABELS[i % 4], 0.9) for i in range(SHARD_DOCUMENTS)]
    gate = GreatExpectationsGate(max_document_characters=100_000)

    _time("first checks, with imports", gate.warm_up, repeats=1)
    results = gate.check_documents(rows, []).results
    _time("1 document", lambda: gate.check_documents(rows[:1], []))
    _time("5,000 documents", lambda: gate.check_documents(rows, []))
    _time("5,000 bad documents", lambda: gate.check_documents(bad, []))
    _time("1 prediction", lambda: gate.check_predictions(predictions[:1], labels=LABELS))
    _time("5,000 predictions", lambda: gate.check_predictions(predictions, labels=LABELS))
    _time("report", lambda: gate.render_report(title="Batch", facts={}, results=results))


if __name__ == "__main__":
    main()
