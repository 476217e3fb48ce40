"""A published trace of request arrivals as traffic of batches."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

from include.domain.accounts import Tier
from include.domain.simulation.arrivals import Arrival


def load(path: Path, replay: dict[str, Any], *, loading_documents_per_s: float) -> list[Arrival]:
    """Return the trace's requests as batches, stretched in time and size as `replay` says.

    Args:
        path: CSV with `TIMESTAMP` and `ContextTokens`, in order of time.
        replay: `stretch`, `every`, `token_factor`, `document_tokens`, `tier`, `deadline_s`.
    """
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))[:: replay["every"]]
    times = [datetime.fromisoformat(row["TIMESTAMP"][:26]) for row in rows]
    arrivals = []
    for index, (row, at) in enumerate(zip(rows, times, strict=True)):
        tokens = max(1, int(row["ContextTokens"]) * replay["token_factor"])
        documents = max(1, round(tokens / replay["document_tokens"]))
        at_s = (at - times[0]).total_seconds() * replay["stretch"]
        loading_s = documents / loading_documents_per_s
        tier = Tier(replay["tier"])
        arrivals.append(
            Arrival(index, at_s, tier, documents, tokens, replay["deadline_s"], loading_s)
        )
    return arrivals
