"""Pauses between tries: full jitter under a bound that doubles."""

from __future__ import annotations

import random


def pause_s(doublings: int, *, base_s: float, cap_s: float) -> float:
    """Return a random pause, seconds, of at most `base_s` doubled so often, and at most `cap_s`."""
    return random.uniform(0, min(cap_s, base_s * 2**doublings))  # noqa: S311 - jitter, not a secret
