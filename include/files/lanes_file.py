"""Reading the lanes file: curves and prices a lane, what a tier is promised."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from include.domain.accounts import Tier
from include.domain.lanes import Lane, LaneProfile
from include.domain.sla.objectives import Objective


class LaneEntry(BaseModel):
    """One `[lanes.<name>]` table of the lanes file; fields as in `LaneProfile`."""

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
def load_lanes(path: Path) -> LanesFile:
    """Read the lanes file once.

    Raises:
        ValueError: an unknown key, a missing tier, or a value out of its range.
    """
    with path.open("rb") as file:
        return LanesFile.model_validate(tomllib.load(file))
