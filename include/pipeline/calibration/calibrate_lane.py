"""Calibrate a lane: one probe after the other, each learned from and charged.

A probe runs on the lane as a batch does, by the same driver. Nothing of it is loaded, no account is
charged, and the lane's circuit breaker does not hear of it: a probe that is too large for the lane
says nothing about the lane's health.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from include.domain.curves.calibration import Budget, Shape, Tried, next_shape
from include.domain.curves.document_limits import limits_after
from include.domain.curves.lane_curve import LaneCurve
from include.domain.curves.observation import Load
from include.domain.lanes import LaneProfile
from include.domain.money.usage import UsageCharge
from include.domain.placement.routing import Placement
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.calibration.charges import probe_charges
from include.pipeline.calibration.lane_memory import LaneMemory
from include.pipeline.calibration.make_probe import ProbeSource, make_probe
from include.pipeline.calibration.records import (
    CalibrationRecords,
    CalibrationRequest,
    LaneCalibration,
)
from include.pipeline.curves.learn_curves import learn_curves
from include.pipeline.curves.observe_batch import observe_batch
from include.pipeline.curves.ports import CurveBook
from include.pipeline.money.ports import UsageBook
from include.pipeline.ports.directories import ModelRegistry
from include.pipeline.ports.objects import ObjectStore

DEADLINE_FACTOR = 100
"""A probe has this many times its estimate until its deadline: spot need not be left for it."""


@dataclass(frozen=True, slots=True)
class CalibrationPorts:
    """What calibrating needs of the world."""

    objects: ObjectStore
    registry: ModelRegistry
    curves: CurveBook
    usage: UsageBook
    memory: LaneMemory


class LaneCalibrator:
    """One lane's calibration.

    Args:
        is_emulated: whether the lane's services are, so that nothing is billed.
    """

    def __init__(
        self,
        request: CalibrationRequest,
        *,
        profile: LaneProfile,
        source: ProbeSource,
        work_bucket: str,
        is_emulated: bool,
        now: Callable[[], datetime],
        ports: CalibrationPorts,
    ) -> None:
        self._request = request
        self._profile = profile
        self._source = source
        self._is_emulated = is_emulated
        self._now = now
        self._ports = ports
        self._records = CalibrationRecords(ports.objects, work_bucket, request.probe_root)

    def state(self) -> LaneCalibration:
        """Return how far it is.

        Raises:
            UnknownModelAlias: the registry has no such model.
        """
        found = self._records.load()
        if found is not None:
            return found
        model = self._ports.registry.resolve(self._request.model_name, self._request.model_alias)
        state = LaneCalibration(self._profile.lane, model, self._profile.instance_type, self._now())
        self._records.save(state)
        return state

    def next_probe(self) -> str | None:
        """Return the id of the probe to run, the one that was begun before a new one.

        None where there is none; the state says why.
        """
        state = self.state()
        if state.ended:
            return None
        if state.current is None:
            state = self._plan(state)
        if state.current is None:
            return None
        layout = self._records.probe(len(state.tried))
        if not self._ports.objects.exists(layout.placement):
            self._make(state, state.current)
        return layout.batch_id

    def settle(self, failure: str = "") -> Tried:
        """Learn from the probe that ran, charge it, and count it.

        A probe that failed is no observation: it was too much to ask, or the lane's luck, and the
        next is smaller.

        Args:
            failure: why it failed; empty where it did not.
        """
        state = self.state()
        if state.current is None:
            raise ValueError(f"calibration {self._request.probe_root} runs no probe")
        layout = self._records.probe(len(state.tried))
        seen = observe_batch(layout, is_failed=bool(failure), objects=self._ports.objects)
        charges = self._book(layout, state)
        if not failure:
            learn_curves(seen, profiles=[self._profile], book=self._ports.curves)
        tried = Tried(
            state.current,
            state.current_expected_s,
            max((each.latency_s for each in seen), default=0.0),
            sum(each.list_cost for each in charges),
            failure,
            self._memory_share(layout),
        )
        self._records.save(replace(state, tried=(*state.tried, tried), current=None))
        return tried

    def charge(self) -> None:
        """Book what the probe that runs has cost until now; `settle` books it again, whole."""
        state = self.state()
        if state.current is not None:
            self._book(self._records.probe(len(state.tried)), state)

    @property
    def ends_in_s(self) -> float:
        """Seconds that are left; below zero when the time is over."""
        passed_s = (self._now() - self.state().started_at).total_seconds()
        return self._request.max_s - passed_s

    def _book(self, layout: BatchLayout, state: LaneCalibration) -> list[UsageCharge]:
        charges = probe_charges(
            BatchRecords(self._ports.objects, layout).lane_runs(),
            batch_id=layout.batch_id,
            model=state.model,
            profile=self._profile,
            is_emulated=self._is_emulated,
        )
        self._ports.usage.book(charges)
        return charges

    def _plan(self, state: LaneCalibration) -> LaneCalibration:
        state = self._with_late_metrics(state)
        card = self._ports.registry.card(state.model)
        lengths = {min(each, card.max_tokens) for each in self._request.document_tokens}
        shape, why = next_shape(
            [Shape(length, count) for length in lengths for count in self._request.documents],
            state.tried,
            admits=lambda shape: self._profile.admits(shape.documents, shape.tokens),
            estimate=self._estimate,
            left=Budget(self._request.max_usd - state.spent_usd, self.ends_in_s),
        )
        if why:
            curve = self._curve()
            self._ports.curves.keep_limits(curve.key, limits_after(curve.limits, state.tried))
        expected_s = 0.0 if shape is None else self._estimate(shape)[0]
        state = replace(state, current=shape, current_expected_s=expected_s, ended=why)
        self._records.save(state)
        return state

    def _with_late_metrics(self, state: LaneCalibration) -> LaneCalibration:
        """CloudWatch may learn of a job's memory after the job has ended: ask again."""
        tried = (
            replace(each, memory_share=self._memory_share(self._records.probe(number)))
            if each.memory_share is None
            else each
            for number, each in enumerate(state.tried)
        )
        return replace(state, tried=tuple(tried))

    def _make(self, state: LaneCalibration, shape: Shape) -> None:
        seconds, usd = self._estimate(shape)
        placement = Placement(
            self._profile.lane, self._profile.instance_type, 1, seconds, usd, True, "a probe", ()
        )
        make_probe(
            self._records.probe(len(state.tried)),
            shape,
            placement,
            model=state.model,
            max_tokens=self._ports.registry.card(state.model).max_tokens,
            now=self._now(),
            deadline_s=DEADLINE_FACTOR * max(seconds, 60.0),
            source=self._source,
            objects=self._ports.objects,
        )

    def _estimate(self, shape: Shape) -> tuple[float, float]:
        estimate = self._curve().estimate(
            Load(shape.tokens, shape.documents),
            limit_s=self._request.max_s,
            usd_per_h=self._profile.on_demand_price_usd_per_h,
        )
        return estimate.latency_s, estimate.list_cost_usd

    def _memory_share(self, layout: BatchLayout) -> float | None:
        """Return the most memory that the probe took; None where CloudWatch does not say."""
        runs = BatchRecords(self._ports.objects, layout).lane_runs()
        shares = [self._ports.memory.peak_share(self._profile.lane, run) for run in runs]
        return max((share for share in shares if share is not None), default=None)

    def _curve(self) -> LaneCurve:
        assumed = LaneCurve.assumed(self._profile, self._request.model_name)
        known = self._ports.curves.curves(self._request.model_name)
        return next((curve for curve in known if curve.key == assumed.key), assumed)
