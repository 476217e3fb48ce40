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

from include.domain.curves.matrices import Matrix, Vector, dot, inverse, times
from include.domain.curves.tails import DEGREES, exceedance

ROUNDS = 6
LEAST_SHARE = 0.02
"""No prediction is below this share of what the lanes file says: time cannot run back."""

DOCUMENT_TOKENS = 20.0
"""Scale of the third term: a document's own cost, in tokens' worth, is of this order. No lanes file
tells it, so its spread is 1 whatever the file is worth."""

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
        prior = (1.0, 1.0, 0.0)
        variance = spread * spread
        covariance = ((variance, 0.0, 0.0), (0.0, variance, 0.0), (0.0, 0.0, 1.0))
        scale = (start_s, token_s, token_s * DOCUMENT_TOKENS)
        return cls(scale, prior, prior, covariance, noise, spread, noise)

    def fitted(self, batches: Iterable[tuple[Sequence[float], float]]) -> Belief:
        """Return the belief after batches; what was fitted before is not used.

        Args:
            batches: starts, tokens and documents of each, with its seconds.
        """
        rows = [(self._scaled(features), seconds) for features, seconds in batches if seconds > 0]
        theta, noise = self.prior, self.prior_noise
        precision = 1 / (self.prior_spread * self.prior_spread)
        pulls = tuple(
            p * each for p, each in zip((precision, precision, 1.0), self.prior, strict=True)
        )
        covariance = self.covariance
        for _ in range(ROUNDS):
            a, d, f = precision, precision, 1.0
            b = c = e = 0.0
            q0, q1, q2 = pulls
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
            theta = times(covariance, (q0, q1, q2))
            held = NOISE_WEIGHT * self.prior_noise**2
            noise = math.sqrt((held + squares) / (NOISE_WEIGHT + len(rows)))
        return replace(self, multiples=theta, covariance=covariance, noise=noise)

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
