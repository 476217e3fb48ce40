"""What a backtest found, as a table for people and as the file that is kept."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from include.pipeline.money.backtest import Backtested


def backtest_table(found: Backtested) -> str:
    """Return predictions beside what was, one line a lane and one for all."""
    lines = [
        f"{'lane':16} {'batches':>8} {'predicted $':>12} {'seen $':>12} {'error':>8}"
        f" {'p50 predicted':>14} {'p50 seen':>10} {'error':>8}"
    ]
    lines += [
        f"{each.lane.value:16} {each.batches:>8,} {each.predicted_usd:>12.6f} "
        f"{each.seen_usd:>12.6f} {_share(each.cost_error):>8} {each.predicted_p50_s:>12.2f} s "
        f"{each.seen_p50_s:>8.2f} s {_share(each.latency_error):>8}"
        for each in found.lanes
    ]
    batches, predicted, seen = found.all_lanes
    lines.append(
        f"{'all':16} {batches:>8,} {predicted:>12.6f} {seen:>12.6f} "
        f"{_share(_error(predicted, seen)):>8}"
    )
    lines.append(
        f"predicted by {found.predicted_by}, batches from {found.first:%Y-%m-%d %H:%M:%S} UTC on"
    )
    if found.is_emulated:
        lines.append("emulated: what was seen is emulated time at list price, and no bill")
    return "\n".join(lines)


def backtest_json(found: Backtested, at: datetime) -> str:
    """Return the same as JSON: shares for errors, USD at list price, seconds."""
    batches, predicted, seen = found.all_lanes
    document = {
        "what": "cost and median time to both stores of the ledger's batches: simulated, and seen",
        "predicted_by": found.predicted_by,
        "first_batch_at": found.first.isoformat(timespec="seconds"),
        "lanes": [
            {
                **asdict(each),
                "lane": each.lane.value,
                "cost_error": each.cost_error,
                "latency_error": each.latency_error,
            }
            for each in found.lanes
        ],
        "all": {
            "batches": batches,
            "predicted_usd": predicted,
            "seen_usd": seen,
            "cost_error": _error(predicted, seen),
        },
        "emulated": found.is_emulated,
        "measured_at": at.isoformat(timespec="seconds"),
    }
    return json.dumps(document, indent=1) + "\n"


def _error(predicted: float, seen: float) -> float | None:
    return predicted / seen - 1 if seen else None


def _share(error: float | None) -> str:
    return "" if error is None else f"{error:+.0%}"
