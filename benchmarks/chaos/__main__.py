"""`python -m benchmarks.chaos`: run the matrix, or a part of it, on a stack of its own."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.chaos.cases import LANES, Cell, Lane, Moment, Victim, cells
from benchmarks.chaos.report import Case, cases_of, missed, totals, write
from benchmarks.chaos.rounds import Round, RoundResult, Stage
from benchmarks.chaos.stage import open_stage
from include.files.lanes_file import load_lanes
from stack.paths import ROOT, STATE_VARIABLE, Paths
from stack.restarts import BUDGET_VARIABLE
from stack.session import running_environment

RESULTS = Path(__file__).resolve().parents[1] / "results"
SHARD_DOCUMENTS = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; return 0 when every case was hit and sound."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the stack is taken down then too
    paths = Paths(root=ROOT, state=Path(options.state).resolve())
    _stack(paths, "up")
    try:
        _stack(paths, "run", "--", sys.executable, "-m", "include.cli.release", "--trivial")
        return _run(paths, options)
    finally:
        if not options.keep:
            _stack(paths, "down")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.chaos", description=__doc__)
    parser.add_argument("--lanes", nargs="+", choices=[lane.name for lane in LANES])
    parser.add_argument(
        "--victims", nargs="+", type=Victim, choices=list(Victim), default=list(Victim)
    )
    parser.add_argument("--steps", nargs="+", help="tasks; `lane` is each lane's own")
    parser.add_argument("--limit", type=float, default=45.0, help="minutes for all of it")
    parser.add_argument("--rounds", type=int, default=8, help="tries for moments that were missed")
    parser.add_argument("--round-timeout", type=float, default=600.0, help="seconds")
    parser.add_argument("--width", type=int, default=2, help="batches a lane in one round")
    parser.add_argument("--state", default=str(ROOT / ".twolane" / "chaos"))
    parser.add_argument("--keep", action="store_true", help="leave the stack up")
    parser.add_argument("--results", type=Path, default=RESULTS)
    return parser


def _stack(paths: Paths, *arguments: str) -> None:
    """Run a command of the stack, on a state folder of its own and with small shards."""
    environment = {
        **os.environ,
        STATE_VARIABLE: str(paths.state),
        "TWOLANE_SHARD_DOCUMENTS": str(SHARD_DOCUMENTS),
        BUDGET_VARIABLE: "1000",
        # Batches are pinned to their lanes: a lane whose jobs are killed must not be left.
        "TWOLANE_BREAKER_MINIMUM_OUTCOMES": "1000000",
    }
    command = [str(paths.python()), "-m", "stack", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def _run(paths: Paths, options: argparse.Namespace) -> int:
    environment = running_environment(paths)
    known = {lane.value for lane in load_lanes(Path(environment["TWOLANE_LANES_FILE"])).lanes}
    lanes = {
        lane.name: lane
        for lane in LANES
        if (not lane.placement or lane.placement in known)
        and (options.lanes is None or lane.name in options.lanes)
    }
    stage = open_stage(paths, environment)
    began = time.monotonic()
    cases: list[Case] = []
    results: list[RoundResult] = []
    for victim in options.victims:
        pending = {name: _moments(victim, lane, options.steps) for name, lane in lanes.items()}
        for attempt in range(options.rounds):
            pending = {name: moments for name, moments in pending.items() if moments}
            if not pending or time.monotonic() - began > options.limit * 60:
                break
            stage.say(f"{victim.value}, round {attempt + 1}: {', '.join(pending)}")
            result = _round(victim, pending, lanes, stage, options, len(results))
            results.append(result)
            cases += cases_of(result)
            _write(options.results, cases, results, began)
        cases += missed(Cell(victim, name, m) for name, left in pending.items() for m in left)
    _write(options.results, cases, results, began)
    bad = [case for case in cases if case.outcome != "sound"]
    stage.say(f"{len(cases)} cases, {len(cases) - len(bad)} sound; {totals(results)}")
    return 1 if bad else 0


def _round(
    victim: Victim,
    pending: dict[str, list[Moment]],
    lanes: dict[str, Lane],
    stage: Stage,
    options: argparse.Namespace,
    number: int,
) -> RoundResult:
    result = Round(
        victim,
        pending,
        lanes,
        stage,
        seed=1000 + 100 * number,
        timeout_s=options.round_timeout,
        width=1 if victim is Victim.TWICE else options.width,
    ).run()
    if victim is Victim.TWICE:
        pending.clear()
    stage.say(f"  {result.seconds:.0f} s, {len(result.hits)} kills")
    for batch in result.batches:
        trouble = result.unfinished.get(batch.key, ""), result.verdicts[batch.key].complaint
        if any(trouble):
            stage.say(f"  {batch.lane.name} {batch.batch_id}: {'; '.join(filter(None, trouble))}")
    deadline = time.monotonic() + 60
    while not stage.is_up() and time.monotonic() < deadline:
        time.sleep(0.5)
    return result


def _moments(victim: Victim, lane: Lane, steps: list[str] | None) -> list[Moment]:
    if victim is Victim.TWICE:
        return [Moment("submission")]
    wanted = [cell.moment for cell in cells(victim, lane)]
    if steps is None:
        return wanted
    own = {moment.task for moment in lane.at_work}
    return [m for m in wanted if m.task in steps or ("lane" in steps and m.task in own)]


def _write(folder: Path, cases: list[Case], results: list[RoundResult], began: float) -> None:
    facts = {
        "minutes": round((time.monotonic() - began) / 60, 1),
        "machine": f"{os.cpu_count()} cores",
        "rounds": len(results),
    }
    write(folder, cases, totals(results), facts)


if __name__ == "__main__":
    sys.exit(main())
