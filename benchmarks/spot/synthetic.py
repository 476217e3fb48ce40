"""Availability made by processes that nothing was tuned on; the same seed, the same trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle, islice, repeat
from math import pi, sin
from random import Random

from benchmarks.spot.traces import Trace

GAP_S = 300
TICKS = 30 * 24 * 3600 // GAP_S
HOUR = 3600 // GAP_S

Lengths = Callable[[Random], float]
"""Draws the length of a run, in ticks."""


def traces() -> list[Trace]:
    """One trace of 30 days for each process."""
    return [
        Trace(f"synthetic__{name}", GAP_S, tuple(islice(process(Random(name)), TICKS)))  # noqa: S311
        for name, process in PROCESSES.items()
    ]


def renewal(up: Lengths, down: Lengths) -> Callable[[Random], Iterator[int]]:
    """Runs of independent lengths, of at least one tick, in turn."""

    def process(random: Random) -> Iterator[int]:
        for available, length in cycle(((1, up), (0, down))):
            yield from repeat(available, max(1, round(length(random))))

    return process


def exponential(mean: float) -> Lengths:
    """Memoryless lengths: the chain of two states."""
    return lambda random: random.expovariate(1 / mean)


def pareto(shape: float, least: float) -> Lengths:
    """Heavy-tailed lengths."""
    return lambda random: least * random.paretovariate(shape)


def diurnal(random: Random) -> Iterator[int]:
    """Spot is scarce by day and plentiful by night."""
    available = 1
    for tick in range(TICKS):
        night = (1 + sin(2 * pi * tick / (24 * HOUR))) / 2
        rate = (0.25 - 0.23 * night) if available else (0.02 + 0.3 * night)
        if random.random() < rate * 4 / HOUR:
            available = 1 - available
        yield available


def regimes(random: Random) -> Iterator[int]:
    """Days of plenty and days of want, with changes of minutes within."""
    while True:
        plenty = random.random() < 0.5
        runs = renewal(
            exponential(10 * HOUR if plenty else 0.5 * HOUR),
            exponential(0.4 * HOUR if plenty else 4 * HOUR),
        )
        yield from islice(runs(random), max(HOUR, round(random.expovariate(1 / (36 * HOUR)))))


def pattern(*runs: int) -> Callable[[Random], Iterator[int]]:
    """Runs of fixed lengths for ever: available first, then gone, and so on."""

    def process(random: Random) -> Iterator[int]:
        for index, length in enumerate(cycle(runs)):
            yield from repeat(1 - index % 2, length)

    return process


PROCESSES: dict[str, Callable[[Random], Iterator[int]]] = {
    "markov-even": renewal(exponential(2 * HOUR), exponential(HOUR)),
    "markov-slow": renewal(exponential(10 * HOUR), exponential(4 * HOUR)),
    "markov-scarce": renewal(exponential(0.7 * HOUR), exponential(3 * HOUR)),
    "heavy-tailed": renewal(pareto(1.1, 3), pareto(1.2, 2)),
    "long-up": renewal(pareto(0.9, 6), exponential(0.5 * HOUR)),
    "diurnal": diurnal,
    "regimes": regimes,
    "flicker": pattern(2, 3),
    "gone-after-changeover": pattern(4, 2),
    "half-days": pattern(12 * HOUR, 12 * HOUR),
    "always": pattern(TICKS, 1),
    "never": pattern(1, TICKS),
}
