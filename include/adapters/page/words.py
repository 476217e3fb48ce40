"""Figures as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

LANES = {
    "serverless": "Serverless",
    "processing": "Processing job",
    "transform": "Batch transform",
    "async_endpoint": "Async endpoint",
    "spot": "Spot",
    "": "No lane",
}
WASTES = {
    "cold_start": "Cold starts",
    "interrupted": "Interrupted work",
    "idle": "Idle instances",
    "retry": "Work done again",
}
STATES = {"running": "at work", "failed": "failed, to be tried again", "waiting": "waiting"}
LEAST_USD = 1e-9


def usd(value: float | None) -> str:
    """Return dollars: cents from one dollar on, three significant digits below."""
    if value is None:
        return "–"
    if abs(value) < LEAST_USD:
        return "$0"
    if abs(value) >= 1:
        return f"${value:,.2f}"
    digits = f"{value:.3g}"
    return f"${float(digits):.12f}".rstrip("0") if "e" in digits else f"${digits}"


def count(value: float) -> str:
    """Return a whole number with separators."""
    return f"{value:,.0f}"


def percent(value: float | None) -> str:
    """Return a share; a digit behind the point where it is not whole."""
    if value is None:
        return "–"
    return f"{100 * value:.1f}".removesuffix(".0") + " %"


def seconds(value: float) -> str:
    """Return a duration in its largest unit that makes sense."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(value) >= 2 * size:
            return f"{value / size:.0f} {unit}"
    return f"{value:.3g} s"


def moment(value: datetime) -> str:
    """Return a moment, UTC, to the minute."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def ago(value: datetime, now: datetime) -> str:
    """Return how long a moment lies back, or ahead."""
    passed: timedelta = now - value
    told = seconds(round(abs(passed.total_seconds())))
    return f"{told} ago" if passed >= timedelta() else f"in {told}"


def named(names: dict[str, str], name: str) -> str:
    """Return a name for people; what is not known is shown as it is."""
    return names.get(name, name.replace("_", " ") or "–")
