"""How large a call to an endpoint may be, how many at once, and which of them waited for a start.

Pure functions of what the calls before have shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

MAX_GROWTH = 2.0
"""A call's size grows by this factor at the most from one call to the next."""

MIN_COLD_START_S = 0.5
"""A shorter wait is not told from noise."""


@dataclass(frozen=True, slots=True)
class Call:
    """One answered call.

    Attributes:
        start_s: when it was sent, seconds on a clock that all calls share.
        seconds: until the whole answer was there.
        tokens: estimated tokens of its documents.
    """

    start_s: float
    seconds: float
    tokens: int


@dataclass(frozen=True, slots=True)
class CallSize:
    """The tokens that a call may carry.

    Attributes:
        tokens: now.
        target_s: seconds a call shall take; far below what the service allows.
        max_tokens: never more than this.
    """

    tokens: int
    target_s: float
    max_tokens: int

    def after(self, call: Call) -> CallSize:
        """Return the size that would take the target time; a slow call counts at once."""
        wanted = call.tokens * self.target_s / max(call.seconds, 1e-3)
        if wanted > self.tokens and call.tokens < self.tokens / MAX_GROWTH:
            return self  # a small call that was quick says little of a large one
        tokens = min(wanted, self.tokens * MAX_GROWTH, self.max_tokens)
        return replace(self, tokens=max(1, round(tokens)))

    def halved(self) -> CallSize:
        """Return the size after a call that took too long."""
        return replace(self, tokens=max(1, self.tokens // 2))


@dataclass(frozen=True, slots=True)
class Allowance:
    """Calls that may be in flight: up by one a round of successes, down to half when throttled.

    Additive increase, multiplicative decrease: callers that share an endpoint come to share it
    evenly, without knowing of each other (Chiu and Jain, 1989).
    """

    calls: float
    ceiling: int

    def after_success(self) -> Allowance:
        """Return the allowance after an answer."""
        return replace(self, calls=min(float(self.ceiling), self.calls + 1 / self.calls))

    def after_throttle(self) -> Allowance:
        """Return the allowance after a refusal."""
        return replace(self, calls=max(1.0, self.calls / 2))


def cold_waits_s(calls: Sequence[Call], *, warm_tokens_per_s: float) -> list[float]:
    """Return how long each call waited that seems to have waited for an environment to start.

    A caller is not told of a cold start: it sees a call that takes longer. Calls that were sent
    before the first answer came are compared with those after it, by seconds a token; where
    there are none after it, with the lane's usual rate.

    Args:
        warm_tokens_per_s: what a warm environment does, from the lane's profile.
    """
    if not calls:
        return []
    first_answer_s = min(call.start_s + call.seconds for call in calls)
    first = [call for call in calls if call.start_s < first_answer_s]
    later = [call for call in calls if call.start_s >= first_answer_s]
    s_per_token = (
        median(call.seconds / max(call.tokens, 1) for call in later)
        if later
        else 1 / warm_tokens_per_s
    )
    waits = [(call.seconds - call.tokens * s_per_token, call) for call in first]
    return [
        wait_s
        for wait_s, call in waits
        if wait_s >= max(MIN_COLD_START_S, call.tokens * s_per_token)
    ]
