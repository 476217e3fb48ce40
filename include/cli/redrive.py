"""`python -m include.cli.redrive QUEUE`: dead letters and their reasons, and back to work.

Without `--send` it only tells what is there. A redriven message keeps the reason it was refused
for and how often it was redriven; its deadline counts anew. Sending one twice runs it once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from include.domain.errors import TwolaneError
from include.domain.queues.lane_class import LaneClass
from include.pipeline.queues.dead_letters import DeadLetter, look_through, redrive
from include.wiring.batches.bootstrap import twolane


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 failed with one line on stderr."""
    options = _parser().parse_args(arguments)
    lane_class = LaneClass(options.queue)

    def is_wanted(letter: DeadLetter) -> bool:
        return (
            options.reason in letter.reason
            and options.account in ("", letter.account)
            and options.key in ("", letter.key)
        )

    try:
        product = twolane()
        queues, ledger = product.queues(lane_class), product.queue_ledger
        if options.send:
            letters = redrive(
                queues.inbox,
                queues.dead_letters,
                ledger,
                limit=options.limit,
                is_wanted=is_wanted,
            )
        else:
            found = look_through(queues.dead_letters, ledger, limit=options.limit)
            letters = [letter for letter in found if is_wanted(letter)]
    except TwolaneError as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201 - a command speaks to its caller
        return 1
    for letter in letters:
        print(describe(letter))  # noqa: T201
    done = "sent again" if options.send else "dead letters; --send puts them back to work"
    print(f"{queues.dead_letters.name}: {len(letters)} {done}")  # noqa: T201
    return 0


def describe(letter: DeadLetter) -> str:
    """Return a dead letter in two lines: what it is, and why it is here."""
    facts = [
        f"{letter.sent_at:%Y-%m-%d %H:%M:%S}Z",
        letter.key,
        letter.account or "no account",
        f"runs {letter.runs}",
        f"redriven {letter.redrives}×",
    ]
    return f"{'  '.join(facts)}\n    {' '.join(letter.reason.split())}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.cli.redrive", description=__doc__)
    parser.add_argument("queue", choices=[each.value for each in LaneClass])
    parser.add_argument("--send", action="store_true", help="send them to their queue again")
    parser.add_argument("--reason", default="", help="only those whose reason contains this")
    parser.add_argument("--account", default="", help="only those of this account")
    parser.add_argument("--key", default="", help="only the one of this key")
    parser.add_argument("--limit", type=int, default=1000, help="look at so many at the most")
    return parser


if __name__ == "__main__":
    sys.exit(main())
