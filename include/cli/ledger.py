"""`python -m include.cli.ledger`: what was spent, by day, account, model, version, lane or kind.

Costs are US dollars at list price; what an emulated service did is marked, and nobody bills it.
`--book` first books what the DAG `keep_ledger` books every hour: what closed batches used beside
their lane, what is kept, endpoints that wait and jobs of releases.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from include.domain.errors import TwolaneError
from include.pipeline.money.ports import CostLine, Grouping
from include.wiring.money import Money, money

COLUMNS = ("list", "waste", "billed")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 with the reason on stderr."""
    options = _parser().parse_args(arguments)
    try:
        app = money()
        if options.book:
            _book(app)
        lines = app.costs(Grouping(options.by), options.first, options.last)
    except TwolaneError as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201
        return 1
    print(table(options.by, lines))  # noqa: T201
    return 0


def table(by: str, lines: Sequence[CostLine]) -> str:
    """Return costs as a table for people, its sum last; cents are rounded in it alone."""
    head = f"{by:28} {'charges':>8}" + "".join(f" {each + ' $':>14}" for each in COLUMNS)
    head += f" {'$/1000 docs':>12}"
    return "\n".join([head, *map(_line, lines), _line(_total(by, lines))])


def _total(by: str, lines: Sequence[CostLine]) -> CostLine:
    shared = by == Grouping.KIND and bool(lines)
    return CostLine(
        name="all",
        charges=sum(each.charges for each in lines),
        list_cost_usd=sum(each.list_cost_usd for each in lines),
        billed_cost_usd=sum(each.billed_cost_usd for each in lines),
        waste_list_cost_usd=sum(each.waste_list_cost_usd for each in lines),
        is_emulated=any(each.is_emulated for each in lines),
        documents=lines[0].documents if shared else sum(each.documents for each in lines),
    )


def _line(line: CostLine) -> str:
    each = line.per_document_usd
    return (
        f"{line.name or '(none)':28} {line.charges:>8,} {line.list_cost_usd:>14,.6f} "
        f"{line.waste_list_cost_usd:>14,.6f} {line.billed_cost_usd:>14,.6f} "
        f"{'' if each is None else format(1000 * each, '.6f'):>12}"
        + ("  emulated" if line.is_emulated else "")
    )


def _book(app: Money) -> None:
    for what, booked in (
        ("closed batches", app.book_batches()),
        ("proofs of batches", app.book_proofs()),
        ("what is kept", app.book_storage()),
        ("idle endpoints", app.book_idle_endpoints()),
        ("environments kept warm", app.book_provisioned()),
        ("jobs of releases", app.book_release_jobs()),
    ):
        print(f"{what}: {booked.charges} charges, ${booked.list_cost_usd:.6f}")  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    today = datetime.now(UTC).date()
    parser = argparse.ArgumentParser(prog="python -m include.cli.ledger", description=__doc__)
    parser.add_argument("--by", choices=[each.value for each in Grouping], default="day")
    parser.add_argument(
        "--first", type=date.fromisoformat, default=today - timedelta(days=30), metavar="DAY"
    )
    parser.add_argument("--last", type=date.fromisoformat, default=today, metavar="DAY")
    parser.add_argument("--book", action="store_true", help="bring the ledger up to date first")
    return parser


if __name__ == "__main__":
    sys.exit(main())
