"""The what-if form: its fields, and what was written into them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from include.domain.errors import ScenarioRefused
from include.domain.lanes import Lane

PURCHASES = {
    "on_demand": "on demand",
    "spot": "spot",
    "reserved": "reserved",
    "savings_plan": "savings plan",
    "owned": "an own server",
}
COMMITTED = ("reserved", "savings_plan", "owned")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a fleet.

    Attributes:
        name: as in a scenarios file; a point leads into a table of it.
        start: what stands in it at first; empty for "the lane's own".
    """

    name: str
    label: str
    start: str = ""
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading."""

    legend: str
    fields: tuple[Field, ...]


GROUPS = (
    Group(
        "Instances",
        (
            Field("instance", "Instance type", is_text=True),
            Field("min_replicas", "Kept at the least", "0"),
            Field("max_replicas", "At the most", "4"),
            Field("tokens_per_s", "Tokens a second"),
            Field("cold_start_s", "Start, s"),
            Field("idle_s", "Kept idle, s"),
        ),
    ),
    Group(
        "Price",
        (
            Field("usd_per_h", "Dollars an hour"),
            Field("discount", "Discount, 0 to 1", "0.3"),
            Field("committed", "Committed instances", "1"),
        ),
    ),
    Group(
        "Spot",
        (
            Field("spot.interruptions_per_h", "Interruptions an hour", "0.1"),
            Field("spot.checkpoint_s", "Checkpoint every, s", "60"),
        ),
    ),
    Group(
        "Own server",
        (
            Field("own.capital_usd", "Price, dollars", "15000"),
            Field("own.life_years", "Life, years", "4"),
            Field("own.power_w", "Power, watts", "600"),
            Field("own.usd_per_kwh", "Dollars a kWh", "0.15"),
            Field("own.upkeep_usd_per_year", "Upkeep, dollars a year", "1500"),
        ),
    ),
    Group(
        "Nights",
        (
            Field("quiet.from_h", "Quiet from, hour"),
            Field("quiet.until_h", "Quiet until, hour"),
        ),
    ),
)
LANES = tuple(lane.value for lane in Lane)


def starting_values() -> dict[str, str]:
    """Return what stands in an untouched form."""
    fields = {field.name: field.start for group in GROUPS for field in group.fields}
    return {"lane": Lane.ASYNC_ENDPOINT.value, "purchase": "on_demand", "compare": "on", **fields}


def scenario_values(form: Mapping[str, str]) -> dict[str, object]:
    """Return a form as a scenario's table; what does not go with the purchase is left out.

    Raises:
        ScenarioRefused: a field that takes a number has none.
    """
    purchase = form.get("purchase", "on_demand")
    tables: dict[str, dict[str, object]] = defaultdict(dict)
    tables[""] = {"lane": form.get("lane", ""), "purchase": purchase}
    for field in (field for group in GROUPS for field in group.fields):
        written = form.get(field.name, "").strip()
        if written and _goes_with(field.name, purchase):
            table, _, key = field.name.rpartition(".")
            tables[table][key] = written if field.is_text else _number(field, written)
    if form.get("quiet.weekend"):
        tables["quiet"]["weekend"] = True
    return {**tables.pop(""), **tables}


def deadline_s(form: Mapping[str, str]) -> float | None:
    """Return the deadline for every batch, in seconds; None for each batch's own.

    Raises:
        ScenarioRefused: it is no number above zero.
    """
    written = form.get("deadline_s", "").strip()
    if not written:
        return None
    found = _number(Field("deadline_s", "Deadline, s"), written)
    if not found > 0:  # which is also so of nan
        raise ScenarioRefused("Deadline, s: more than 0 is needed")
    return float(found)


def _goes_with(name: str, purchase: str) -> bool:
    if name.startswith("own."):
        return purchase == "owned"
    if name.startswith("spot."):
        return purchase == "spot"
    if name == "discount":
        return purchase in ("reserved", "savings_plan")
    return name != "committed" or purchase in COMMITTED


def _number(field: Field, written: str) -> int | float:
    try:
        return int(written) if written.lstrip("-").isdigit() else float(written)
    except ValueError:
        raise ScenarioRefused(f"{field.label}: {written!r} is no number") from None
