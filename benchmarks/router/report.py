"""The regret table: each router's cost over the clairvoyant's, and its late batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from benchmarks.router.measure import INFORMED, Measured
from benchmarks.router.preface import preface

RESAMPLES = 2_000
MOST_REGRET = 0.05
LEAST_SAVING = 0.30
MOST_DECISION_S = 0.005
BASELINES = (
    "lanes file alone",
    "fixed threshold",
    "best thresholds in hindsight",
    "always CPU",
    "always GPU",
)


def summary(rows: Sequence[Measured]) -> dict[str, Any]:
    """Return what the worlds of one traffic came to."""
    routers = list(rows[0].scores)
    table = {
        name: {
            "over_clairvoyant": ratio(rows, lambda row, name=name: row.scores[name].cost_usd),
            "interval_95": interval(rows, lambda row, name=name: row.scores[name].cost_usd),
            "cost_usd": round(sum(row.scores[name].cost_usd for row in rows), 2),
            "late": sum(row.scores[name].late for row in rows),
            "lanes": _added([row.scores[name].lanes for row in rows]),
        }
        for name in routers
    }
    ours, threshold = table["ours"], table["fixed threshold"]
    least = max(1.0, table[INFORMED]["over_clairvoyant"])
    fewest = min(table[name]["late"] for name in BASELINES)
    return {
        "worlds": len(rows),
        "batches": sum(row.batches for row in rows),
        "clairvoyant_usd": round(sum(row.least_usd for row in rows), 2),
        "unavoidable_late": sum(row.unavoidable for row in rows),
        "routers": table,
        "saving_on_fixed_threshold": round(1 - ours["cost_usd"] / threshold["cost_usd"], 4),
        "fewest_late_of_a_baseline": fewest,
        "explored_usd": round(sum(row.explored_usd for row in rows), 4),
        "within_regret": ours["over_clairvoyant"] <= 1 + MOST_REGRET,
        "over_told": round(ours["over_clairvoyant"] / least, 4),
        "within_luck": ours["over_clairvoyant"] / least <= 1 + MOST_REGRET,
        "no_more_late": ours["late"] <= fewest,
    }


def ratio(rows: Sequence[Measured], cost: Callable[[Measured], float]) -> float:
    """Return cost over the clairvoyant's, over all rows."""
    return round(sum(map(cost, rows)) / sum(row.least_usd for row in rows), 4)


def interval(rows: Sequence[Measured], cost: Callable[[Measured], float]) -> list[float]:
    """Return the 95 % interval of the ratio, worlds drawn anew."""
    random = Random(0)  # noqa: S311
    drawn = sorted(ratio(random.choices(rows, k=len(rows)), cost) for _ in range(RESAMPLES))
    return [drawn[int(0.025 * RESAMPLES)], drawn[int(0.975 * RESAMPLES)]]


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile, the nearest rank."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def page(result: dict[str, Any]) -> str:
    """Return the results for a person."""
    lines = list(preface(result.get("measured")))
    for name, part in result["traffics"].items():
        lines += ["", f"## {name}", "", _told(part), ""]
        lines += ["| Router | cost ÷ clairvoyant's | 95 % interval | late | $ |"]
        lines += ["|---|---|---|---|---|"]
        for router, row in part["routers"].items():
            low, high = row["interval_95"]
            lines.append(
                f"| {router} | {row['over_clairvoyant']:.3f} | {low:.3f}–{high:.3f} "
                f"| {row['late']:,} | {row['cost_usd']:,.2f} |"
            )
    decision = result["decision_ms"]
    lines += [
        "",
        f"A decision takes {decision['p50']:.2f} ms (p50), {decision['p99']:.2f} ms (p99; goal "
        f"{1000 * MOST_DECISION_S:.0f} ms) over {decision['lanes']} lanes,",
        "the shortest of three goes at each.",
        "",
        f"Goals {'met' if result['goal_met'] else 'MISSED'}: {result['goal']}.",
        *_lucky(result["traffics"]),
        "",
    ]
    return "\n".join(lines)


def _lucky(traffics: dict[str, Any]) -> list[str]:
    """Where the bound cannot be come near, because it knows the luck of each batch."""
    return [
        f"But for *{name}*, where nobody can be so near: a router told all but the luck of batches "
        f"is {part['routers'][INFORMED]['over_clairvoyant'] - 1:.1%} over the clairvoyant, "
        f"and ours costs {part['over_told']:.3f} times what that one does."
        for name, part in traffics.items()
        if part["within_luck"] and not part["within_regret"]
    ]


def _told(part: dict[str, Any]) -> str:
    return (
        f"{part['batches']:,} batches in {part['worlds']} worlds; clairvoyant "
        f"${part['clairvoyant_usd']:,.2f}, {part['unavoidable_late']} late whatever is done; ours "
        f"{part['saving_on_fixed_threshold']:.1%} below the fixed threshold, "
        f"${part['explored_usd']:.2f} of it spent on trying lanes."
    )


def _added(counts: Sequence[Any]) -> dict[str, int]:
    return {
        lane: sum(c.get(lane, 0) for c in counts) for lane in sorted({k for c in counts for k in c})
    }
