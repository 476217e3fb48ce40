"""On which instances a release measures, and which lanes hold others."""

from __future__ import annotations

from collections.abc import Sequence

from include.domain.errors import ReleaseRejected
from include.domain.lanes import Lane, LaneProfile
from include.domain.release.candidates import HardwareClass
from include.pipeline.release.release_records import MeasuredHardware


def measured_hardware(
    classes: Sequence[HardwareClass], profiles: Sequence[LaneProfile]
) -> tuple[MeasuredHardware, ...]:
    """Return the classes of the candidates file with the instance and price of their lane.

    Raises:
        ReleaseRejected: the lanes file has no such lane.
    """
    by_lane = {profile.lane: profile for profile in profiles}
    found = []
    for hardware in classes:
        profile = by_lane.get(hardware.lane)
        if profile is None:
            raise ReleaseRejected(
                f"hardware {hardware.name}: the lanes file has no lane {hardware.lane.value}"
            )
        price = profile.on_demand_price_usd_per_h
        found.append(MeasuredHardware(hardware.name, hardware.lane, profile.instance_type, price))
    return tuple(found)


def not_measured(
    hardware: Sequence[MeasuredHardware], profiles: Sequence[LaneProfile]
) -> dict[str, str]:
    """Return the lanes that hold instances of no measured class, each with a sentence on it.

    The serverless lane is none of them: no job runs on its hardware.
    """
    measured = {each.instance_type for each in hardware}
    return {
        f"lane {profile.lane.value}": f"{profile.instance_type} is no hardware class of the "
        "candidates file: nothing was measured on it"
        for profile in profiles
        if profile.lane is not Lane.SERVERLESS and profile.instance_type not in measured
    }
