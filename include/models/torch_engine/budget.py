"""How many tokens one pass should have: measured, and stopped by the memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from .runner import DeviceMemoryError, Runner

CANDIDATES = tuple(1 << power for power in range(13, 19))
"""8,192 to 262,144 tokens a pass."""

CPU_BUDGET_TOKENS = 4096
"""Not measured on a CPU, where padding for attention and the caches favour small packs."""

ENOUGH = 0.97
"""A budget within 3 % of the fastest is as good, and takes less memory and time to the answer."""

_SECONDS = 0.15
_TYPICAL_TOKENS = 64


@dataclass(frozen=True)
class Trial:
    """What one budget gave."""

    budget_tokens: int
    tokens_per_s: float


def try_budgets(rate_at: Callable[[int], float], candidates: Iterable[int]) -> list[Trial]:
    """Measure budgets in rising order, up to the first that does not fit.

    Args:
        rate_at: tokens/s at a budget; raises `torch.OutOfMemoryError` where it does not fit.
        candidates: budgets in tokens, rising.
    """
    trials: list[Trial] = []
    for budget in candidates:
        try:
            trials.append(Trial(budget, rate_at(budget)))
        except torch.OutOfMemoryError:
            break
    return trials


def choose(trials: Sequence[Trial], smallest: int) -> int:
    """The smallest budget that is fast enough; `smallest` where none fitted."""
    best = max((trial.tokens_per_s for trial in trials), default=0.0)
    fast = [t.budget_tokens for t in trials if t.tokens_per_s >= ENOUGH * best]
    return min(fast, default=smallest)


def rate_of(runner: Runner, length: int, budget_tokens: int, seconds: float = _SECONDS) -> float:
    """Tokens/s in passes of `budget_tokens`, all documents `length` tokens long.

    Raises:
        torch.OutOfMemoryError: such a pass does not fit.
    """
    documents = max(budget_tokens // length, 1)
    lengths = np.full(documents, length, dtype=np.int32)
    flat = np.random.default_rng(0).integers(1000, 20000, documents * length, dtype=np.int32)
    runner.budget_tokens = len(flat)
    runner.start(flat, lengths).result()  # warm: kernels are loaded, memory is taken
    if runner.budget_tokens < len(flat):
        raise torch.OutOfMemoryError(f"{len(flat)} tokens in one pass")
    passes, started, last = 0, time.perf_counter(), None
    while time.perf_counter() - started < seconds:
        pending = runner.start(flat, lengths)
        if last is not None:
            last.result()
        last, passes = pending, passes + 1
    if last is not None:
        last.result()
    return passes * len(flat) / (time.perf_counter() - started)


def find_budget(runner: Runner, longest: int) -> list[Trial]:
    """Measure budgets on the runner's device, and leave the chosen one set.

    Args:
        runner: to measure on, alone.
        longest: tokens of the longest document there can be.
    """
    length = min(_TYPICAL_TOKENS, longest)

    def rate_at(budget: int) -> float:
        return rate_of(runner, length, budget)

    try:
        trials = try_budgets(rate_at, CANDIDATES)
    except DeviceMemoryError:
        trials = []
    runner.budget_tokens = max(choose(trials, longest), longest)
    return trials
