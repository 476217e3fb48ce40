"""Reading the lanes file: what a lane takes and what it costs, what a tier is promised."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from include.config.refusals import in_one_line
from include.domain.accounts import Tier
from include.domain.errors import SettingsRefused
from include.domain.lanes import Lane, LaneProfile
from include.domain.money.prices import PriceBook, Service, Sku, Term
from include.domain.sla.objectives import Objective
from include.files.prices import PRICES_FOLDER, load_price_book

_SERVERLESS = re.compile(r"serverless-(?P<mb>\d+)MB")


class LaneEntry(BaseModel):
    """One `[lanes.<name>]` table of the lanes file; fields as in `LaneProfile`.

    Without `price_usd_per_h` a lane costs what the price book says; see `load_lanes`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    instance_type: str
    cold_start_s: float = Field(ge=0)
    tokens_per_s: float = Field(gt=0)
    price_usd_per_h: float = Field(ge=0)
    start_billed: bool
    max_documents: int | None = Field(default=None, gt=0)
    max_tokens: int | None = Field(default=None, gt=0)
    source: str = Field(min_length=1)
    tail_s: float = Field(default=0.0, ge=0)
    slack_factor: float = Field(default=1.0, ge=1)
    max_instances: int = Field(default=1, ge=1, le=100)
    on_demand_usd_per_h: float | None = Field(default=None, gt=0)
    weight: float = Field(default=0.1, gt=0)


class LanesFile(BaseModel):
    """The lanes file: curves and prices a lane, default deadlines a tier.

    Attributes:
        lanes: by lane name.
        deadline_s: by tier, seconds from submission to both stores.
        attainment: by tier, the share of batches that are to be in time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lanes: dict[Lane, LaneEntry]
    deadline_s: dict[Tier, float]
    attainment: dict[Tier, Annotated[float, Field(gt=0, le=1)]]

    @field_validator("deadline_s", "attainment")
    @classmethod
    def _every_tier(cls, value: dict[Tier, float]) -> dict[Tier, float]:
        missing = [tier.value for tier in Tier if tier not in value]
        if missing:
            raise ValueError(f"nothing for tier(s) {', '.join(missing)}")
        return value

    def objective(self, tier: Tier) -> Objective:
        """Return what a tier is promised."""
        return Objective(tier, self.deadline_s[tier], self.attainment[tier])

    def profiles(self) -> tuple[LaneProfile, ...]:
        """Return the profiles in the order of the enum."""
        return tuple(
            LaneProfile(lane=lane, **self.lanes[lane].model_dump())
            for lane in Lane
            if lane in self.lanes
        )


@cache
def load_lanes(path: Path, prices: Path = PRICES_FOLDER) -> LanesFile:
    """Read the lanes file once; the price book fills in what lanes cost that do not say it.

    Raises:
        SettingsRefused: the file is missing or no TOML, an unknown key, a missing tier, or a value
            out of its range.
        UnknownPrice: a lane says no price, and the book has none of its hardware.
    """
    try:
        text = tomllib.loads(path.read_text(encoding="utf-8"))
        _add_book_prices(text.get("lanes"), prices)
        return LanesFile.model_validate(text)
    except ValidationError as exc:
        raise SettingsRefused(f"{path}: {in_one_line(exc)}") from exc
    except (OSError, ValueError) as exc:
        raise SettingsRefused(f"{path}: {exc}") from exc


def _add_book_prices(lanes: object, prices: Path) -> None:
    """Fill in what lanes cost; what is no table of a lane is left for the model to refuse."""
    for name, table in lanes.items() if isinstance(lanes, dict) else ():
        if not isinstance(table, dict) or "price_usd_per_h" in table:
            continue
        if isinstance(hardware := table.get("instance_type"), str):
            table |= book_prices(name, hardware, load_price_book(prices))


def book_prices(lane: str, instance_type: str, book: PriceBook) -> dict[str, float]:
    """Return the fields of a lane that say what an hour costs, as the book has it.

    Raises:
        UnknownPrice: it has not.
    """
    if memory := _SERVERLESS.fullmatch(instance_type):
        gb_seconds = int(memory["mb"]) / 1024 * 3600
        price = book.price(Service.SAGEMAKER, Sku.SERVERLESS_TIME)
        return {"price_usd_per_h": price.cost(gb_seconds)}
    on_demand = book.instance(instance_type).usd
    if lane != Lane.SPOT:
        return {"price_usd_per_h": on_demand}
    spot = book.instance(instance_type, Term.SPOT).usd
    return {"price_usd_per_h": spot, "on_demand_usd_per_h": on_demand}
