"""Simulated platforms: lanes as they truly are, drawn from a guess or from measured curves."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Protocol

from include.domain.accounts import Tier
from include.domain.curves.belief import Belief
from include.domain.curves.lane_curve import LaneCurve
from include.domain.lanes import Lane, LaneProfile
from include.domain.simulation.arrivals import TrafficKind
from include.domain.simulation.lanes import SimulatedLane

PARAMETERS = Path(__file__).parent / "traffic.toml"
MODEL = "news-topic"


class Truths(Protocol):
    """Draws what a lane truly does in one world."""

    def truth(self, profile: LaneProfile, random: Random) -> LaneCurve:
        """Return the lane's curve, of the model `MODEL`."""
        ...


class AssumedTruths:
    """The lanes file, off by what it could not know.

    Args:
        platform: the spreads and risks of `traffic.toml`.
    """

    def __init__(self, platform: Mapping[str, Any]) -> None:
        self._platform = platform

    def truth(self, profile: LaneProfile, random: Random) -> LaneCurve:
        """Return the lane's curve; see `Truths.truth`."""
        platform, assumed = self._platform, LaneCurve.assumed(profile, MODEL)
        start = math.exp(random.gauss(0, platform["start_sigma"]))
        rate = math.exp(random.gauss(0, platform["rate_sigma"]))
        document = random.uniform(0, 2 * platform["document_share"])

        def true(belief: Belief) -> Belief:
            multiples = (belief.prior[0] * start, belief.prior[1] * rate, document)
            return replace(belief, multiples=multiples, noise=platform["noise"])

        per_h = platform["interruptions_per_h"] if profile.lane is Lane.SPOT else 0.0
        return replace(
            assumed,
            latency=true(assumed.latency),
            billed=true(assumed.billed),
            failures=(platform["failure_share"], 1.0),
            interruptions=(per_h, 3600.0),
        )


def parameters(path: Path = PARAMETERS) -> dict[str, Any]:
    """Return the file's tables."""
    with path.open("rb") as file:
        return tomllib.load(file)


def kinds(
    table: Mapping[str, Mapping[str, Any]], size: Callable[[Lane, float], float] | None = None
) -> list[TrafficKind]:
    """Return a mixture's kinds.

    Args:
        size: factor of the documents of a kind that is `sized_for` a lane, by that lane and their
            length; None leaves them as they are.
    """
    found = []
    for name, values in table.items():
        fields = {**values, "tier": Tier(values["tier"])}
        made_for = fields.pop("sized_for", None)
        if made_for and size:
            factor = size(Lane(made_for), fields["median_document_tokens"])
            fields["median_documents"] *= factor
            fields["max_documents"] = max(1, round(fields["max_documents"] * factor))
        found.append(TrafficKind(name=name, **fields))
    return found


def world(
    profiles: Sequence[LaneProfile], platform: Mapping[str, Any], seed: str, truths: Truths
) -> dict[Lane, SimulatedLane]:
    """Return the lanes as they truly are in one world, but for those that batches share."""
    random = Random(f"world/{seed}")  # noqa: S311
    return _lanes(profiles, platform, platform["capacity"], truths, random)


def shared(
    profiles: Sequence[LaneProfile], platform: Mapping[str, Any], seed: str, truths: Truths
) -> dict[Lane, SimulatedLane]:
    """Return the lanes of the same world that batches share."""
    random = Random(f"shared/{seed}")  # noqa: S311
    lanes = _lanes(profiles, platform, platform["shared_capacity"], truths, random)
    return {lane: replace(each, is_shared=True) for lane, each in lanes.items()}


def _lanes(
    profiles: Sequence[LaneProfile],
    platform: Mapping[str, Any],
    capacity: Mapping[str, int],
    truths: Truths,
    random: Random,
) -> dict[Lane, SimulatedLane]:
    return {
        profile.lane: SimulatedLane(
            profile,
            truths.truth(profile, random),
            capacity[profile.lane.value],
            platform["straggler_share"],
            platform["straggler_factor"],
        )
        for profile in profiles
        if profile.lane.value in capacity
    }
