"""Bayesian regression of seconds on start, tokens and documents, that outliers do not move.

`seconds = start + tokens × a + documents × b`: throughput against batch size comes of the start,
throughput against document length of the third term. Each coefficient is held as a multiple of a
scale taken from the lanes file, so that its prior is 1 (for documents 0) whatever the lane.

The noise is relative: a batch that takes an hour is as likely to take 10 % longer as one of a
minute. It follows Student's t (see `tails`), fitted by iterated weights: a batch far off counts
for little in the line and widens the noise (Lange, Little, Taylor, JASA 84(408), 1989, section 3).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from include.domain.curves.matrices import Matrix, Vector, dot, inverse, times
from include.domain.curves.tails import DEGREES, exceedance

ROUNDS = 10
SETTLED = 1e-3
"""Rounds end when no multiple moves by more."""

LEAST_SHARE = 0.02
"""No prediction is below this share of what the lanes file says: time cannot run back."""

DOCUMENT_TOKENS = 20.0
"""Scale of the third term: a document's own cost, in tokens' worth, is of this order."""

DOCUMENT_SPREAD = 2.0
"""Spread of the third multiple, in those of the others: no lanes file tells it."""

LEAST_START_S = 1.0
"""Scale of the first term at the least: where no start is waited for or billed, each batch has
still something that it takes whatever its size."""

NOISE_WEIGHT = 4.0
"""Batches that the prior's noise is worth."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of seconds.

    Attributes:
        scale: seconds of a start, a token and a document that a multiple of 1 stands for.
        prior: multiples expected before any batch.
        multiples: multiples expected now.
        covariance: of `multiples`.
        noise: relative scale of a batch's own deviation.
        prior_spread: standard deviation of start and rate before any batch.
        prior_noise: `noise` before any batch.
    """

    scale: Vector
    prior: Vector
    multiples: Vector
    covariance: Matrix
    noise: float
    prior_spread: float
    prior_noise: float

    @classmethod
    def of(cls, start_s: float, token_s: float, *, spread: float, noise: float) -> Belief:
        """Return the belief that a lanes file gives.

        Args:
            spread: standard deviation of start and rate, as a share of them.
            noise: relative scale of a batch's deviation.
        """
        start_scale_s = max(start_s, LEAST_START_S)
        prior = (start_s / start_scale_s, 1.0, 0.0)
        near, far = spread * spread, (spread * DOCUMENT_SPREAD) ** 2
        covariance = ((near, 0.0, 0.0), (0.0, near, 0.0), (0.0, 0.0, far))
        scale = (start_scale_s, token_s, token_s * DOCUMENT_TOKENS)
        return cls(scale, prior, prior, covariance, noise, spread, noise)

    def fitted(self, batches: Iterable[tuple[Sequence[float], float]]) -> Belief:
        """Return the belief after batches; what was fitted before is not used.

        Args:
            batches: starts, tokens and documents of each, with its seconds.
        """
        rows = [(self._scaled(features), seconds) for features, seconds in batches if seconds > 0]
        theta, noise = self._near(rows)
        covariance = self.covariance
        for _ in range(ROUNDS if rows else 0):
            a, d, f = self._prior_weights(theta)
            b = c = e = 0.0
            q0, q1, q2 = a * self.prior[0], d * self.prior[1], f * self.prior[2]
            squares = 0.0
            for scaled, seconds in rows:
                expected_s = self._seconds(theta, scaled)
                off = (seconds - dot(theta, scaled)) / expected_s
                weight = (DEGREES + 1) / (DEGREES + (off / noise) ** 2)
                squares += weight * off * off
                per = weight / (noise * noise * expected_s * expected_s)
                x, y, z = scaled
                a, b, c = a + per * x * x, b + per * x * y, c + per * x * z
                d, e, f = d + per * y * y, e + per * y * z, f + per * z * z
                pull = per * seconds
                q0, q1, q2 = q0 + pull * x, q1 + pull * y, q2 + pull * z
            covariance = inverse(((a, b, c), (b, d, e), (c, e, f)))
            before, theta = theta, times(covariance, (q0, q1, q2))
            held = NOISE_WEIGHT * self.prior_noise**2
            noise = math.sqrt((held + squares) / (NOISE_WEIGHT + len(rows)))
            if max(abs(now - then) for now, then in zip(theta, before, strict=True)) < SETTLED:
                break
        return replace(self, multiples=theta, covariance=covariance, noise=noise)

    def _prior_weights(self, theta: Vector) -> Vector:
        """Return the prior's precisions; it weighs as batches do, little where it is far off."""
        spreads = (self.prior_spread, self.prior_spread, self.prior_spread * DOCUMENT_SPREAD)
        first, second, third = (
            (DEGREES + 1) / (DEGREES + ((now - before) / self.prior_noise) ** 2) / spread**2
            for now, before, spread in zip(theta, self.prior, spreads, strict=True)
        )
        return first, second, third

    def _near(self, rows: Sequence[tuple[Vector, float]]) -> tuple[Vector, float]:
        """Return where to begin: the prior as far off as the batches are, and their spread.

        From the prior itself, batches that are all far off would be taken for outliers.
        """
        if not rows:
            return self.prior, self.prior_noise
        ratios = [seconds / self._seconds(self.prior, scaled) for scaled, seconds in rows]
        typical = median(ratios)
        spread = median(abs(ratio / typical - 1) for ratio in ratios)
        start, token, document = self.prior
        theta = (start * typical, token * typical, document * typical)
        return theta, max(self.prior_noise, spread)

    @property
    def sure(self) -> Belief:
        """The same without doubt."""
        return replace(self, covariance=((0.0,) * 3,) * 3)

    def seconds(self, features: Sequence[float]) -> float:
        """Return the expected seconds for starts, tokens and documents."""
        return self._seconds(self.multiples, self._scaled(features))

    def doubt_s(self, features: Sequence[float]) -> float:
        """Return the standard deviation of the expected seconds: what more batches would lower."""
        scaled = self._scaled(features)
        return math.sqrt(max(0.0, dot(scaled, times(self.covariance, scaled))))

    def exceedance(self, features: Sequence[float], limit_s: float) -> float:
        """Return the probability that a batch takes longer than the limit."""
        expected_s = self.seconds(features)
        spread_s = math.hypot(self.noise * expected_s, self.doubt_s(features))
        return exceedance((limit_s - expected_s) / spread_s if spread_s else math.inf)

    def _scaled(self, features: Sequence[float]) -> Vector:
        start, token, document = self.scale
        return features[0] * start, features[1] * token, features[2] * document

    def _seconds(self, theta: Vector, scaled: Vector) -> float:
        return max(dot(theta, scaled), LEAST_SHARE * dot(self.prior, scaled), 1e-6)
