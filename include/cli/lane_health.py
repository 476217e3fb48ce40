"""`python -m include.cli.lane_health`: the lanes' circuit breakers, to see, open or close."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from include.domain.errors import TwolaneError
from include.domain.lane_health.breaker_state import Breaker, BreakerState
from include.domain.lanes import Lane
from include.wiring.batches.bootstrap import twolane


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 failed with one line on stderr."""
    options = _parser().parse_args(arguments)
    try:
        watch = twolane().lane_watch
        if options.command == "open":
            watch.open(Lane(options.lane), f"by hand: {options.reason}")
        elif options.command == "reset":
            watch.reset(Lane(options.lane), f"by hand: {options.reason}")
        watch.publish()
        breakers = watch.breakers()
    except TwolaneError as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201 - a command speaks to its caller
        return 1
    for lane in Lane:
        print(f"{lane.value:<16} {_in_words(breakers.get(lane))}")  # noqa: T201
    return 0


def _in_words(breaker: Breaker | None) -> str:
    if breaker is None:
        return "closed     never used"
    words = (
        f"{breaker.state.value.replace('_', ' '):<10} since {breaker.since:%Y-%m-%d %H:%M:%S} UTC"
    )
    if breaker.state is BreakerState.OPEN and breaker.half_opens_at is not None:
        words += f", tried again from {breaker.half_opens_at:%H:%M:%S}"
    return f"{words}: {breaker.reason}" if breaker.reason else words


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.cli.lane_health", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="status | open | reset")
    commands.add_parser("status", help="the state of every lane (without a command as well)")
    for name, text in (
        ("open", "give a lane no batch for a while"),
        ("reset", "close its breaker"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("lane", choices=[lane.value for lane in Lane])
        command.add_argument("--reason", required=True, help="what the events will say")
    return parser


if __name__ == "__main__":
    sys.exit(main())
