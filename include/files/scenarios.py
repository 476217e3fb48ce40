"""Reads what `python -m include.cli.what_if` is given: scenarios in TOML, traffic in CSV."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.domain.errors import ScenarioRefused
from include.domain.lanes import Lane
from include.domain.money.prices import PriceBook, Term
from include.domain.what_if.purchase import OwnServer, Purchase
from include.domain.what_if.scenario import Arrival, Quiet, Scenario, Spot
from include.files.lanes_file import LanesFile

SCENARIOS_FILE = Path(__file__).resolve().parents[1] / "sample" / "scenarios.toml"
COLUMNS = ("at", "documents", "tokens")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Spot(_Table):
    interruptions_per_h: float = Field(ge=0)
    checkpoint_s: float = Field(default=0.0, ge=0)


class _Own(_Table):
    capital_usd: float = Field(gt=0)
    life_years: float = Field(gt=0)
    power_w: float = Field(default=0.0, ge=0)
    usd_per_kwh: float = Field(default=0.0, ge=0)
    upkeep_usd_per_year: float = Field(default=0.0, ge=0)


class _Quiet(_Table):
    from_h: float = Field(default=0.0, ge=0, le=24)
    until_h: float = Field(default=0.0, ge=0, le=24)
    weekend: bool = False


class ScenarioEntry(_Table):
    """One `[scenario.<name>]` table; what is not given is the lane's of the lanes file.

    Attributes:
        lane: whose throughput, start, tail and instance are taken.
        purchase: `reserved` and `savings_plan` are the list price less `discount`, paid every hour
            for `committed` instances; more of them are on demand.
        own: of one server, when `purchase` is `owned`; as many as `committed`, and no more.
        usd_per_h: in place of the price book's.
        patience_s: see `Scenario`; without it an endpoint's is its cold start, a job lane's none.
    """

    lane: Lane
    purchase: Literal["on_demand", "spot", "reserved", "savings_plan", "owned"] = "on_demand"
    instance: str | None = None
    usd_per_h: float | None = Field(default=None, ge=0)
    discount: float = Field(default=0.0, ge=0, lt=1)
    committed: int = Field(default=0, ge=0)
    own: _Own | None = None
    tokens_per_s: float | None = Field(default=None, gt=0)
    cold_start_s: float | None = Field(default=None, ge=0)
    idle_s: float | None = Field(default=None, ge=0)
    patience_s: float | None = Field(default=None, ge=0)
    min_replicas: int = Field(default=0, ge=0)
    max_replicas: int | None = Field(default=None, ge=1)
    spot: _Spot | None = None
    quiet: _Quiet | None = None


class _ScenariosFile(_Table):
    scenario: dict[str, ScenarioEntry] = Field(min_length=1)


def load_scenarios(path: Path, lanes: LanesFile, prices: PriceBook) -> list[Scenario]:
    """Read scenarios.

    Raises:
        ScenarioRefused: the file is not of the form, or a scenario makes no sense.
        UnknownPrice: the book lacks an instance that the file gives no price for.
    """
    try:
        with path.open("rb") as file:
            entries = _ScenariosFile.model_validate(tomllib.load(file)).scenario
        return [_scenario(name, entry, lanes, prices) for name, entry in entries.items()]
    except (OSError, tomllib.TOMLDecodeError, ValidationError, ValueError) as exc:
        raise ScenarioRefused(f"{path}: {exc}") from exc


def make_scenario(
    name: str, values: Mapping[str, object], lanes: LanesFile, prices: PriceBook
) -> Scenario:
    """Return the fleet of one `[scenario.<name>]` table, given as its values.

    Raises:
        ScenarioRefused: a value is not of its form, or the scenario makes no sense.
        UnknownPrice: the book lacks an instance that the values give no price for.
    """
    try:
        return _scenario(name, ScenarioEntry.model_validate(values), lanes, prices)
    except ValidationError as exc:
        wrong = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in exc.errors())
        raise ScenarioRefused(f"{name}: {'; '.join(wrong)}") from exc
    except ValueError as exc:
        raise ScenarioRefused(str(exc)) from exc


def read_traffic(path: Path, default_deadline_s: float | None = None) -> list[Arrival]:
    """Read traffic from a file; see `parse_traffic`.

    Raises:
        ScenarioRefused: the file cannot be read, or a row cannot.
    """
    try:
        with path.open(newline="") as file:
            return parse_traffic(file, str(path), default_deadline_s)
    except (OSError, UnicodeDecodeError) as exc:
        raise ScenarioRefused(f"{path}: {exc}") from exc


def parse_traffic(
    lines: Iterable[str], about: str, default_deadline_s: float | None = None
) -> list[Arrival]:
    """Read traffic: CSV with the columns at (ISO 8601, or seconds), documents, tokens, deadline_s.

    Args:
        about: where the lines are from, for messages.

    Raises:
        ScenarioRefused: a column is missing, or a row cannot be read.
    """
    try:
        rows = csv.DictReader(lines)
        missing = [each for each in COLUMNS if each not in (rows.fieldnames or ())]
        if missing:
            raise ScenarioRefused(f"{about}: no column {', '.join(missing)}")
        return [
            _arrival(about, number, row, default_deadline_s)
            for number, row in enumerate(rows, start=2)
        ]
    except csv.Error as exc:
        raise ScenarioRefused(f"{about}: {exc}") from exc


def _arrival(
    about: str, line: int, row: dict[str, str], default_deadline_s: float | None
) -> Arrival:
    try:
        deadline = row.get("deadline_s")
        arrival = Arrival(
            _moment(row["at"]),
            int(row["documents"]),
            int(row["tokens"]),
            float(deadline) if deadline else default_deadline_s,
        )
    except (TypeError, ValueError, OverflowError, OSError) as exc:
        raise ScenarioRefused(f"{about}, line {line}: {exc}") from exc
    if arrival.documents < 0 or arrival.tokens < 0:
        raise ScenarioRefused(f"{about}, line {line}: fewer than no documents or tokens")
    if arrival.deadline_s is not None and not arrival.deadline_s > 0:
        raise ScenarioRefused(f"{about}, line {line}: deadline_s must be more than 0")
    return arrival


def _moment(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _scenario(name: str, entry: ScenarioEntry, lanes: LanesFile, prices: PriceBook) -> Scenario:
    if entry.lane not in lanes.lanes:
        raise ValueError(f"{name}: the lanes file has no lane {entry.lane.value}")
    lane = lanes.lanes[entry.lane]

    def given(value: float | None, otherwise: float) -> float:
        return otherwise if value is None else value

    most = entry.max_replicas or max(lane.max_instances, entry.min_replicas, entry.committed)
    return Scenario(
        name=name,
        instance=entry.instance or lane.instance_type,
        purchase=_purchase(name, entry, lanes, prices),
        tokens_per_s=given(entry.tokens_per_s, lane.tokens_per_s),
        cold_start_s=given(entry.cold_start_s, lane.cold_start_s),
        start_billed=lane.start_billed,
        idle_s=given(entry.idle_s, lane.tail_s),
        patience_s=given(entry.patience_s, lane.cold_start_s if lane.tail_s else 0.0),
        min_replicas=entry.min_replicas,
        max_replicas=entry.committed if entry.purchase == "owned" else most,
        spot=None if entry.spot is None else Spot(**entry.spot.model_dump()),
        quiet=None if entry.quiet is None else Quiet(**entry.quiet.model_dump()),
    )


def _purchase(name: str, entry: ScenarioEntry, lanes: LanesFile, prices: PriceBook) -> Purchase:
    if entry.purchase == "owned":
        if entry.own is None or not entry.committed:
            raise ValueError(f"{name}: owned needs `own` and `committed`")
        return Purchase(0.0, entry.committed, OwnServer(**entry.own.model_dump()).usd_per_h)
    if entry.usd_per_h is not None:
        usd_per_h = entry.usd_per_h
    elif entry.instance is None and entry.purchase != "spot":
        lane = lanes.lanes[entry.lane]
        usd_per_h = lane.on_demand_usd_per_h or lane.price_usd_per_h
    else:
        term = Term.SPOT if entry.purchase == "spot" else Term.ON_DEMAND
        usd_per_h = prices.instance(
            entry.instance or lanes.lanes[entry.lane].instance_type, term
        ).usd
    if entry.purchase in ("reserved", "savings_plan"):
        if not entry.committed or not entry.discount:
            raise ValueError(f"{name}: {entry.purchase} needs `committed` and `discount`")
        return Purchase(usd_per_h, entry.committed, usd_per_h * (1 - entry.discount))
    return Purchase(usd_per_h)


def with_deadline(arrivals: Sequence[Arrival], deadline_s: float) -> list[Arrival]:
    """Return the traffic with one deadline for all."""
    return [Arrival(each.at, each.documents, each.tokens, deadline_s) for each in arrivals]
