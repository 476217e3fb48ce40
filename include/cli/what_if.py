"""`python -m include.cli.what_if`: what would the traffic cost elsewhere, and how long take?

`run` plays traffic, from the ledger or a CSV file (at,documents,tokens[,deadline_s]), through the
fleets of a scenarios file (`include/sample/scenarios.toml`). `backtest` plays the ledger's own
batches through their lanes' profiles, beside what they took and cost. `cases` computes published
figures again from their own inputs. Everything is list price, and an estimate.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from include.adapters.pictures.what_if import bars
from include.cli.backtest_report import backtest_json, backtest_table
from include.domain.errors import TwolaneError
from include.domain.what_if.answer import Answer, answer
from include.domain.what_if.cases import published_cases
from include.domain.what_if.scenario import Arrival
from include.files.lanes_file import LanesFile, load_lanes
from include.files.prices import PUBLISHED_FOLDER, load_price_book
from include.files.scenarios import SCENARIOS_FILE, load_scenarios, read_traffic, with_deadline

LANES = Path(__file__).resolve().parents[1] / "lanes" / "aws.toml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 with the reason on stderr."""
    options = _parser().parse_args(arguments)
    commands: dict[str, Callable[[argparse.Namespace], None]] = {
        "run": _run,
        "backtest": _backtest,
        "cases": _cases,
    }
    try:
        commands[options.command](options)
    except (TwolaneError, OSError, ValueError) as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _run(options: argparse.Namespace) -> None:
    arrivals = _traffic(options)
    lanes = load_lanes(options.lanes)
    if options.learned:
        lanes = _learned(options.learned, arrivals)
    scenarios = load_scenarios(options.scenarios, lanes, load_price_book())
    end = max((each.at for each in arrivals), default=None)
    if end is None:
        raise ValueError("no traffic: the ledger has no closed batch in the time, or the file none")
    until = end + timedelta(hours=options.until_h)
    answers = [answer(each, arrivals, until) for each in scenarios]
    print(table(answers))  # noqa: T201
    if options.chart:
        options.chart.write_text(bars(answers))
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in answers], indent=1) + "\n")


def _learned(model_name: str, arrivals: Sequence[Arrival]) -> LanesFile:
    """Return the deployment's own lanes file, as its batches have corrected it."""
    from include.wiring.money import money

    documents = sum(each.documents for each in arrivals)
    tokens = sum(each.tokens for each in arrivals)
    mean = max(1.0, tokens / documents) if documents else 1.0
    return money().learned_lanes(model_name, document_tokens=mean)


def _traffic(options: argparse.Namespace) -> list[Arrival]:
    if options.traffic is not None:
        arrivals = read_traffic(options.traffic)
    else:
        from include.wiring.money import money

        batches = money().traffic(options.first, options.last, options.account)
        arrivals = [batch.arrival for batch in batches]
    if options.deadline_s is not None:
        return with_deadline(arrivals, options.deadline_s)
    return arrivals


def _backtest(options: argparse.Namespace) -> None:
    from include.wiring.money import money

    found = money().backtest(options.first, options.last, options.max_replicas, options.learned)
    if found is None or not found.lanes:
        raise ValueError("no batch closed well in the time")
    print(backtest_table(found))  # noqa: T201
    if options.json:
        options.json.write_text(backtest_json(found, datetime.now(UTC)))


def _cases(options: argparse.Namespace) -> None:
    cases = published_cases(load_price_book(PUBLISHED_FOLDER))
    for each in cases:
        verdict = "agrees" if each.agrees else "CONTRADICTS"
        note = f"  ({each.note})" if each.note else ""
        print(f"{verdict:12} {each.what}: {each.published:,.6g} published, "  # noqa: T201
              f"{each.computed:,.6g} computed{note}")  # fmt: skip
    against = sum(not each.agrees for each in cases)
    print(f"{len(cases)} figures, {against} contradict their own inputs")  # noqa: T201


def table(answers: Sequence[Answer]) -> str:
    """Return answers as a table for people, the cheapest without a miss named last."""
    lines = [
        f"{'scenario':20} {'instance':18} {'$/1000 docs':>12} {'total $':>12} {'p50 s':>9} "
        f"{'p99 s':>9} {'late':>7} {'idle':>6} {'peak':>5}"
    ]
    lines += [
        f"{each.scenario:20} {each.instance:18} {1000 * each.cost_per_document_usd:>12.5f} "
        f"{each.cost_usd:>12.4f} {each.p50_s:>9.2f} {each.p99_s:>9.2f} {each.misses:>7,} "
        f"{each.waste_share:>6.0%} {each.peak_replicas:>5}"
        for each in answers
    ]
    in_time = [each for each in answers if not each.misses]
    if in_time:
        best = min(in_time, key=lambda each: each.cost_usd)
        lines.append(f"cheapest without a deadline missed: {best.scenario}")
    else:
        lines.append("every scenario misses a deadline")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    today = datetime.now(UTC).date()
    parser = argparse.ArgumentParser(prog="python -m include.cli.what_if", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="traffic through fleets")
    run.add_argument("--traffic", type=Path, help="CSV file; the ledger without it")
    run.add_argument("--account", help="of the ledger's batches, this account's")
    run.add_argument("--scenarios", type=Path, default=SCENARIOS_FILE, help="TOML file of fleets")
    run.add_argument("--lanes", type=Path, default=LANES, help="the lanes file")
    run.add_argument("--deadline-s", type=float, help="for every batch, in place of its own")
    run.add_argument("--until-h", type=float, default=0.0, help="hours kept beyond the last batch")
    run.add_argument("--chart", type=Path, help="SVG file to write")
    backtest = commands.add_parser("backtest", help="the ledger's batches predicted, and seen")
    backtest.add_argument("--max-replicas", type=int, default=16, help="instances a lane may have")
    for each in (run, backtest):
        each.add_argument("--json", type=Path, help="JSON file to write")
        each.add_argument(
            "--learned",
            metavar="MODEL",
            help="by what the model's batches and probes have taught, not by the lanes file alone; "
            "backtest predicts the newer half of its batches by what was seen before",
        )
        each.add_argument(
            "--first", type=date.fromisoformat, default=today - timedelta(days=30), metavar="DAY"
        )
        each.add_argument("--last", type=date.fromisoformat, default=today, metavar="DAY")
    commands.add_parser("cases", help="published figures, computed again")
    return parser


if __name__ == "__main__":
    sys.exit(main())
