"""A deployment's measured curves, kept as a file: the bench draws its worlds from them.

`make lane-curves MODEL=name` writes the file from the running stack; `--learned name` reads it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random

from pydantic import TypeAdapter

from benchmarks.router.worlds import MODEL
from include.domain.curves.belief import LEAST_SHARE, Belief
from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.matrices import dot, root
from include.domain.curves.observation import LaneObservation
from include.domain.lanes import Lane, LaneProfile
from include.pipeline.curves.learn_curves import KEPT
from include.pipeline.curves.ports import CurveBook


@dataclass(frozen=True, slots=True)
class MeasuredLanes:
    """What a deployment says of its lanes, and what batches and probes have shown of them.

    Attributes:
        model_name: whose curves.
        is_emulated: whether the lanes were: their seconds are then those of what stands for them.
        exported_at: timezone-aware.
        profiles: the deployment's lanes file, prices filled in.
        curves: one a lane; a lane without a batch has what the lanes file assumes.
        observations: that the curves are fitted to, the oldest first.
    """

    model_name: str
    is_emulated: bool
    exported_at: datetime
    profiles: tuple[LaneProfile, ...]
    curves: tuple[LaneCurve, ...]
    observations: tuple[LaneObservation, ...]

    @property
    def seen(self) -> list[LaneObservation]:
        """What the deployment's router had seen, as of the model `MODEL`."""
        return [
            replace(each, key=replace(each.key, model_name=MODEL)) for each in self.observations
        ]

    def pace(self, made_for: LaneProfile, document_tokens: float) -> float:
        """Return how many times as fast the lane is measured as a profile of it says.

        Args:
            document_tokens: length of the documents that it is told for.
        """
        (own,) = (each for each in self.profiles if each.lane is made_for.lane)
        (curve,) = (each for each in self.curves if each.key.lane is made_for.lane)
        measured = curve.learned_profile(own, document_tokens=document_tokens)
        return measured.tokens_per_s / made_for.tokens_per_s

    def truth(self, profile: LaneProfile, random: Random) -> LaneCurve:
        """Return a curve that may be the lane's, by what was measured and its uncertainty.

        Latency and billed seconds were learned from the same batches, so that a lane that is
        drawn slow is drawn dear; see `Truths.truth`.
        """
        (curve,) = (each for each in self.curves if each.key.lane is profile.lane)
        deviates = tuple(random.gauss(0, 1) for _ in range(3))
        failed, batches = curve.failures
        interrupted, held_s = curve.interruptions
        share = random.betavariate(failed, batches - failed) if 0 < failed < batches else 0.0
        per_s = random.gammavariate(interrupted, 1 / held_s) if interrupted else 0.0
        return replace(
            curve,
            key=replace(curve.key, model_name=MODEL),
            latency=_drawn(curve.latency, deviates),
            billed=_drawn(curve.billed, deviates),
            failures=(share, 1.0),
            interruptions=(per_s, 1.0),
        )


_FILE: TypeAdapter[MeasuredLanes] = TypeAdapter(MeasuredLanes)


def measured_lanes(
    model_name: str,
    *,
    profiles: Sequence[LaneProfile],
    book: CurveBook,
    is_emulated: bool,
    now: datetime,
) -> MeasuredLanes:
    """Return a deployment's lanes as they are measured.

    A curve of hardware that the lanes file no longer names is left out, as are limits of memory: a
    simulated lane has none.

    Raises:
        ValueError: no batch was seen on any of the lanes.
        StoreError: the book cannot be read.
    """
    known = {each.key: each for each in book.curves(model_name)}
    assumed = [LaneCurve.assumed(profile, model_name) for profile in profiles]
    found = tuple(replace(known.get(each.key, each), limits=()) for each in assumed)
    if not any(each.observations for each in found):
        raise ValueError(f"no batch or probe of {model_name} was seen on any lane")
    seen = [each for curve in found for each in book.latest(curve.key, KEPT)]
    seen.sort(key=lambda each: each.seen_at)
    return MeasuredLanes(model_name, is_emulated, now, tuple(profiles), found, tuple(seen))


def path_of(folder: Path, model_name: str) -> Path:
    """Return where a model's curves are kept."""
    return folder / f"lane-curves-{model_name}.json"


def save(path: Path, lanes: MeasuredLanes) -> None:
    """Write the file."""
    path.write_bytes(_FILE.dump_json(lanes, indent=1) + b"\n")


def load(path: Path, needed: Collection[str]) -> MeasuredLanes:
    """Read the file.

    Args:
        needed: names of the lanes that must be there.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not such a file, or lacks a lane.
    """
    lanes = _FILE.validate_json(path.read_bytes())
    both = {each.lane for each in lanes.profiles} & {each.key.lane for each in lanes.curves}
    missing = [name for name in needed if Lane(name) not in both]
    if missing:
        raise ValueError(f"{path} has no lane(s) {', '.join(missing)}")
    return lanes


def _drawn(belief: Belief, deviates: Sequence[float]) -> Belief:
    """Return the belief as a truth: its multiples drawn, none of them running time back."""
    start, token, document = (
        mean + dot(row, deviates)
        for mean, row in zip(belief.multiples, root(belief.covariance), strict=True)
    )
    multiples = (max(start, 0.0), max(token, LEAST_SHARE), max(document, 0.0))
    return replace(belief, multiples=multiples)
