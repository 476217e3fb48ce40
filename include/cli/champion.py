"""`python -m include.cli.champion [--model NAME] history|promote|rollback`: a model's champion.

`history` prints every move, oldest first. `promote VERSION` deploys and tries the version, then
makes it champion; one that failed the gates of its release is refused. `rollback` goes back to the
champion before. Each says in one line what it did.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence

from include.domain.errors import TwolaneError
from include.pipeline.promotion.move_champion import describe
from include.pipeline.promotion.promote_model import PromotionRequest
from include.wiring.models.model_life import ModelLife, model_life


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 refused or failed."""
    options = _parser().parse_args(arguments)
    try:
        life = model_life()
        for line in _run(life, options.model or life.settings.model_name, options):
            print(line)  # noqa: T201 - a command speaks to its caller
    except TwolaneError as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _run(life: ModelLife, name: str, options: argparse.Namespace) -> Sequence[str]:
    match options.action:
        case "history":
            return [describe(row) for row in life.promotions.history(name)]
        case "promote":
            request = PromotionRequest(
                name,
                options.version,
                getpass.getuser(),
                options.reason,
                options.evidence,
                overrules_gates=options.overrule_gates,
            )
            return [describe(life.promote(request))]
        case _:
            plan = life.plan_rollback(name)
            return [describe(life.roll_back(plan, by=getpass.getuser(), reason=options.reason))]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.cli.champion", description=__doc__)
    parser.add_argument("--model", help="registered name, by default TWOLANE_MODEL_NAME")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("history", help="every move of the champion")
    promote = actions.add_parser("promote", help="make a version champion")
    promote.add_argument("version")
    promote.add_argument("--reason", required=True)
    evidence = promote.add_mutually_exclusive_group()
    evidence.add_argument(
        "--evidence",
        default="",
        metavar="URI",
        help="S3 prefix that holds a verdict.json; by default what the version's release found",
    )
    evidence.add_argument(
        "--overrule-gates",
        action="store_true",
        help="promote what failed the gates of its release; the history then names no evidence",
    )
    rollback = actions.add_parser("rollback", help="go back to the champion before")
    rollback.add_argument("--reason", required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
