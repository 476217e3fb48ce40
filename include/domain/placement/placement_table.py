"""A placement as a table: what each lane would have meant."""

from __future__ import annotations

from include.domain.placement.routing import Alternative, Placement

HEADS = ("lane", "latency s", "list cost $", "±", "late", "batches seen", "why not")


def placement_table(placement: Placement) -> str:
    """Return a Markdown table, the chosen lane first, then the cheapest."""
    ranked = sorted(placement.alternatives, key=lambda each: (each.refusal != "", _price(each)))
    rows = [HEADS, tuple("---" for _ in HEADS), *map(_row, ranked)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _price(alternative: Alternative) -> float:
    return alternative.list_cost_usd


def _row(each: Alternative) -> tuple[str, ...]:
    late = "unknown" if each.miss_probability is None else f"{each.miss_probability:.2%}"
    return (
        each.lane.value,
        f"{each.latency_s:,.1f}",
        f"{each.list_cost_usd:.6f}",
        f"{each.doubt_usd:.6f}",
        late,
        f"{each.observations:,}",
        each.refusal or "taken",
    )
