"""A lane's curve: seconds, billed seconds, failures and interruptions, each with its doubt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from include.domain.curves.belief import Belief
from include.domain.curves.document_limits import DocumentLimit, most_documents
from include.domain.curves.observation import CurveKey, LaneObservation, Load
from include.domain.lanes import Lane, LaneProfile

ASSUMED_NOISE = 0.15
"""Relative scale of a batch's own deviation; start and rate of a lanes file are as sure as so many
batches with this deviation would make them."""

SEASONED = 10
"""With so many batches seen, a lane's slack factor has given way to what its batches took."""

FAILURE_PRIOR = (0.2, 20.0)
"""One batch in a hundred fails, as sure as twenty batches make it."""

INTERRUPTION_PRIOR = (0.5, 10 * 3600.0)
"""One interruption in twenty hours of spot, as sure as ten hours make it; learned soon."""

RATE_TOKENS = 1e6
"""A load whose time the start does not matter to."""

REDONE_SHARE = 0.5
"""A failed or interrupted stretch is lost at its middle, on average."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a batch on a lane is expected to take.

    Attributes:
        latency_s: seconds from request to last document, waiting for capacity included.
        list_cost_usd: expected list cost.
        doubt_usd: standard deviation of that expectation.
        miss_probability: of taking longer than there is time.
    """

    latency_s: float
    list_cost_usd: float
    doubt_usd: float
    miss_probability: float


@dataclass(frozen=True, slots=True)
class LaneCurve:
    """What is believed of a lane.

    Attributes:
        key: which lane, hardware and model.
        latency: of a batch's longest instance.
        billed: instance seconds at the price on demand.
        failures: failures seen and batches seen, the prior's share included.
        interruptions: interruptions seen and seconds on spot, the prior's share included.
        observations: batches seen.
        limits: documents that fit on an instance, as calibration has found; none where it has not.
    """

    key: CurveKey
    latency: Belief
    billed: Belief
    failures: tuple[float, float]
    interruptions: tuple[float, float]
    observations: int
    limits: tuple[DocumentLimit, ...] = ()

    @classmethod
    def assumed(cls, profile: LaneProfile, model_name: str) -> LaneCurve:
        """Return the curve of a lanes file alone."""
        spread = ASSUMED_NOISE / math.sqrt(profile.weight)
        token_s = 1 / profile.tokens_per_s
        share = profile.price_usd_per_h / (profile.on_demand_price_usd_per_h or 1.0)
        start_s = profile.cold_start_s if profile.start_billed else 0.0
        billed = Belief.of(
            (start_s + profile.tail_s) * share, token_s * share, spread=spread, noise=ASSUMED_NOISE
        )
        return cls(
            CurveKey(profile.lane, profile.instance_type, model_name),
            Belief.of(profile.cold_start_s, token_s, spread=spread, noise=ASSUMED_NOISE),
            billed,
            FAILURE_PRIOR,
            INTERRUPTION_PRIOR if profile.lane is Lane.SPOT else (0.0, 1.0),
            0,
        )

    def learned(self, observations: Sequence[LaneObservation]) -> LaneCurve:
        """Return an assumed curve after observations; those of other keys are left out."""
        own = [each for each in observations if each.key == self.key]
        clean = [each for each in own if each.is_undisturbed]
        failed, batches = self.failures
        lost, held_s = self.interruptions
        return LaneCurve(
            self.key,
            self.latency.fitted((each.load.path, each.latency_s) for each in clean),
            self.billed.fitted((each.load.work, each.billed_s) for each in clean),
            (failed + sum(each.is_failed for each in own), batches + len(own)),
            (
                lost + sum(each.interruptions for each in own),
                held_s + sum(each.held_s for each in own if self.key.lane is Lane.SPOT),
            ),
            len(own),
            self.limits,
        )

    def most_documents(self, document_tokens: float) -> int | None:
        """Return how many documents of a length fit on an instance; None for no end."""
        return most_documents(self.limits, document_tokens)

    @property
    def failure_share(self) -> float:
        """Expected share of batches that fail."""
        return self.failures[0] / self.failures[1]

    @property
    def interruptions_per_s(self) -> float:
        """Expected interruptions a second of an instance."""
        return self.interruptions[0] / self.interruptions[1]

    def slack_factor(self, assumed: float) -> float:
        """Return the slack still asked for, of what the lanes file asks for unseen.

        A factor gives way by factors: each batch takes an equal share of its logarithm.
        """
        return math.pow(assumed, max(0.0, 1 - self.observations / SEASONED))

    @property
    def sure(self) -> LaneCurve:
        """The same for one who knows that it is so: without doubt, and in need of no slack."""
        return replace(
            self,
            latency=self.latency.sure,
            billed=self.billed.sure,
            observations=max(self.observations, SEASONED),
        )

    def learned_profile(self, profile: LaneProfile, *, document_tokens: float) -> LaneProfile:
        """Return a profile with the start and the rate that are believed now.

        Args:
            profile: of the same lane; what is not learned stays.
            document_tokens: of the documents that are meant: short ones cost more a token.
        """
        documents = RATE_TOKENS / document_tokens
        rate = RATE_TOKENS / self.latency.seconds((0.0, RATE_TOKENS, documents))
        start_s = self.latency.seconds((1.0, 0.0, 0.0)) if profile.cold_start_s else 0.0
        return replace(profile, cold_start_s=start_s, tokens_per_s=rate)

    def estimate(
        self, load: Load, *, limit_s: float, usd_per_h: float, wait_s: float = 0.0
    ) -> Estimate:
        """Return what a batch is expected to take.

        A failure loses part of an attempt and asks for another; an interruption loses a stretch of
        work and asks for another start.

        Args:
            limit_s: seconds there are.
            usd_per_h: price on demand of an instance.
            wait_s: seconds until the lane has capacity.
        """
        path, failing = load.path, min(self.failure_share, 0.9)
        clean_s = self.latency.seconds(path)
        start_s = self.latency.seconds((1.0, 0.0, 0.0))
        lost = self.interruptions_per_s * clean_s
        again = REDONE_SHARE * failing / (1 - failing)
        latency_s = clean_s * (1 + again) + lost * start_s
        usd_per_s = usd_per_h / 3600
        billed_s = self.billed.seconds(load.work)
        billed_s = billed_s * (1 + again) + lost * self.billed.seconds((1.0, 0.0, 0.0))
        late = self._late(path, limit_s - wait_s, start_s, -math.expm1(-lost), failing)
        return Estimate(
            wait_s + latency_s,
            billed_s * usd_per_s,
            self.billed.doubt_s(load.work) * usd_per_s,
            late,
        )

    def _late(
        self,
        path: tuple[float, float, float],
        limit_s: float,
        start_s: float,
        interrupted: float,
        failing: float,
    ) -> float:
        """Return the probability of being late: all going well, interrupted, or failing once."""
        well = self.latency.exceedance(path, limit_s)
        if interrupted:
            restarted = self.latency.exceedance(path, limit_s - start_s)
            well = (1 - interrupted) * well + interrupted * restarted
        failed = self.latency.exceedance(path, limit_s / (1 + REDONE_SHARE))
        return (1 - failing) * well + failing * failed
