"""`make bench-drift DOCS=file.jsonl OTHER=file.jsonl`: false alarms, and documents until a shift.

Trains a model on half of one labelled file (kept for the next time), lets simulated accounts send
the other half, and then documents of the other file among them. Writes
`benchmarks/results/drift.json` and `drift.md`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.cascade.fit import ROOT
from benchmarks.drift.answers import Corpora, corpora
from benchmarks.drift.simulation import delays, without_drift
from benchmarks.drift.table import page, summary
from benchmarks.engine.machine import describe
from include.domain.drift.policy import DriftPolicy
from include.domain.drift.sketch import Sketch

RESULTS = ROOT / "benchmarks" / "results"
MAX_FALSE_ALARMS = 0.01
NIGHTS = 27
SHARES = (1.0, 0.5, 0.25, 0.1)
SIZES = (50, 200, 1_000)
KINDS = {"steady": False, "restless": True}


def main() -> int:
    """Simulate, print and keep; return 1 where false alarms are more than the goal allows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--accounts", type=int, default=50, help="that do not drift")
    parser.add_argument("--drifting", type=int, default=40, help="accounts each shift is tried on")
    options = parser.parse_args()
    found = corpora(options.documents, options.other)
    started = time.monotonic()
    result = measure(found, options.accounts, options.drifting)
    result |= {
        "documents": options.documents.name,
        "other": options.other.name,
        "took_s": round(time.monotonic() - started, 1),
        "machine": describe() | {"measured_at": datetime.now(UTC).isoformat(timespec="seconds")},
    }
    text = page(result)
    print(text)
    (RESULTS / "drift.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    (RESULTS / "drift.md").write_text(text, encoding="utf-8")
    return 0 if result["goal_met"] else 1


def measure(found: Corpora, accounts: int, drifting: int) -> dict[str, Any]:
    """Return everything that is measured of simulated accounts."""
    policy, training = DriftPolicy(), found.training.sketch()
    false_alarms: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for name, is_restless in KINDS.items():
        alarms, tests = without_drift(
            found, training, policy, accounts=accounts, nights=NIGHTS, is_restless=is_restless
        )
        false_alarms[name] = asdict(alarms)
        for is_cut in (False, True) if not is_restless else (False,):
            for share, size in product(SHARES, SIZES):
                reached = delays(
                    found,
                    training,
                    policy,
                    tests,
                    strange=share,
                    day_size=size,
                    accounts=drifting,
                    is_restless=is_restless,
                    is_cut=is_cut,
                )
                rows.append(
                    {
                        "accounts": name,
                        "is_cut": is_cut,
                        "share": share,
                        "documents_a_day": size,
                        **{level: summary(of) for level, of in reached.items()},
                    }
                )
    return {
        "policy": asdict(policy),
        "false_alarms": false_alarms,
        "delays": rows,
        "accounts_each": drifting,
        "beside": accounts,
        "nights": NIGHTS - policy.reference_days,
        "bytes_a_sketch": _bytes(training),
        "goal": MAX_FALSE_ALARMS,
        "goal_met": all(
            sum(each["alarms"].values()) <= MAX_FALSE_ALARMS * sum(each["account_days"].values())
            for each in false_alarms.values()
        ),
    }


def _bytes(sketch: Sketch) -> int:
    return len(json.dumps(asdict(sketch)).encode())


if __name__ == "__main__":
    sys.exit(main())
