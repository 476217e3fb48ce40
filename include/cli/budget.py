"""`python -m include.cli.budget`: what may be spent on a day, and what today has come to.

Without a word it lists the budgets. `set ACCOUNT USD` sets one, `remove ACCOUNT` takes it away;
'*', quoted, for ACCOUNT is the budget of all together, that of no account included.
Money is US dollars at list price, days are UTC. A batch that would go over is refused before
anything of it runs; from the warning share on its placement says so; once the day's money is spent
no new batch is pulled. Batches that run are left to end.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence

from include.domain.errors import TwolaneError
from include.domain.money.budgets import Budget
from include.wiring.money import money


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 with the reason on stderr."""
    options = _parser().parse_args(arguments)
    try:
        app = money()
        if options.command == "set":
            budget = Budget(options.account, options.usd, options.warn_share)
            app.budget_book.put(budget, by=options.by)
        elif options.command == "remove":
            app.budget_book.remove(options.account)
        for each, spending in app.budgets_today():
            share = f"{spending.total_usd / each.daily_usd:.0%}" if each.daily_usd else "all"
            print(  # noqa: T201
                f"{each.account_id:32} ${each.daily_usd:.4g} a day, warned at "
                f"{each.warn_share:.0%}; today ${spending.charged_usd:.6f} spent, "
                f"${spending.reserved_usd:.6f} under way ({share})"
            )
    except (TwolaneError, ValueError) as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.cli.budget", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    put = commands.add_parser("set", help="set the budget of an account, or of '*'")
    put.add_argument("account")
    put.add_argument("usd", type=float, help="US dollars a day")
    put.add_argument("--warn-share", type=float, default=0.8, help="share to warn from")
    put.add_argument("--by", default=getpass.getuser(), help="who sets it")
    commands.add_parser("remove", help="take it away").add_argument("account")
    return parser


if __name__ == "__main__":
    sys.exit(main())
