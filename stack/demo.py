"""`make demo`: five batches of four accounts, from the REST API to both stores."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console

from stack.demo_documents import write_documents
from stack.down import stop_everything
from stack.errors import StackError
from stack.figures import Figures, FiguresReader, browser_address
from stack.result_table import print_results
from stack.run_display import RunDisplay
from stack.session import Session, exclusive, running_environment
from stack.submission import DAG_ID, Progress, Request, Submitter
from stack.up import up


@dataclass(frozen=True, slots=True)
class DemoBatch:
    """One batch of the demo.

    Attributes:
        poison: rows spoilt on purpose, so that quarantine is seen.
        deadline_minutes: the tier's own when `None`.
    """

    title: str
    account: str
    documents: int
    poison: int
    seed: int
    deadline_minutes: float | None = None

    @property
    def line(self) -> str:
        """What stands beside its progress."""
        return f"{self.documents:>6,} documents, {self.account}"


#: Two waves: the small ones by themselves, so that their seconds are theirs and not those of a
#: processor that 37,000 other documents keep busy; then the large ones side by side.
WAVES = (
    (
        DemoBatch("demo", "demo-visitor", 1, 0, 11),
        DemoBatch("trial", "trial-lumen", 200, 0, 12),
    ),
    (
        DemoBatch("standard", "standard-harbor", 5_000, 100, 13),
        DemoBatch("enterprise", "enterprise-meridian", 20_000, 400, 14),
        DemoBatch("patient", "enterprise-meridian", 12_000, 240, 15, deadline_minutes=240),
    ),
)


def demo(session: Session, console: Console) -> int:
    """Start what does not run, run the batches, print what became of them; return the exit code.

    The stack goes on running afterwards. Ctrl-C takes down what this command started.
    """
    was_running = bool(session.running())
    up(session, console)
    try:
        return _run_batches(session, console)
    except KeyboardInterrupt:
        if not was_running:
            console.print("stopping what was started", style="yellow")
            with exclusive(session.paths):
                stop_everything(session)
        raise


def _run_batches(session: Session, console: Console) -> int:
    environment, first = running_environment(session.paths), datetime.now(UTC).date()
    submitter = Submitter(environment, session.passwords.airflow_admin)
    submitter.wait_for_dags()
    batches: dict[str, DemoBatch] = {}
    states: dict[str, str] = {}
    for wave in WAVES:
        submitted = _submit(submitter, wave)
        titles = {run_id: batch.line for run_id, batch in submitted.items()}
        with RunDisplay(console, titles) as display:
            states |= _wait(session, submitter, display, list(submitted))
        batches |= submitted
    reader = FiguresReader(environment)
    found = {run_id: reader.by_run(run_id) for run_id in batches}
    rows = [(batches[run_id].title, figures) for run_id, figures in found.items() if figures]
    print_results(console, rows)
    problems = [
        f"{batches[run_id].line}: run {run_id} {state}. {submitter.failure(run_id)}"
        for run_id, state in states.items()
        if state != "success"
    ]
    problems += [disagreement(figures) for _, figures in rows if not figures.adds_up]
    if problems:
        raise StackError("\n".join(problems))
    _print_backtest(session, console, environment, first)
    _say_where(session, console, rows, environment)
    return 0


def _print_backtest(
    session: Session, console: Console, environment: dict[str, str], first: date
) -> None:
    """Show what the simulator would have predicted for the day's batches, and how far it is off.

    The same is kept in the stack's folder, as `backtest.json`.

    Args:
        first: the day on which the first of them was submitted, UTC.

    Raises:
        StackError: the command failed.
    """
    kept = session.paths.state / "backtest.json"
    command = [sys.executable, "-m", "include.cli.what_if", "backtest"]
    done = subprocess.run(
        [*command, "--first", first.isoformat(), "--json", str(kept)],
        cwd=session.paths.root,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StackError(f"what_if backtest failed: {done.stderr}")
    console.print("What the simulator predicts for today's batches, by the lanes file alone")
    console.print(done.stdout, highlight=False, markup=False, soft_wrap=True)
    console.print(f"kept in {kept}", style="dim", soft_wrap=True)


def _wait(
    session: Session, submitter: Submitter, display: RunDisplay, run_ids: list[str]
) -> dict[str, str]:
    """Wait for the runs; a component that dies meanwhile is the better explanation."""

    def listen(run_id: str, progress: Progress) -> None:
        session.check_alive()
        display.listen(run_id, progress)

    try:
        return submitter.wait(run_ids, listen)
    except StackError:
        session.check_alive()
        raise


def _submit(submitter: Submitter, wave: tuple[DemoBatch, ...]) -> dict[str, DemoBatch]:
    """Write and submit the batches of a wave; return them by their run's id."""
    submitted = {}
    with tempfile.TemporaryDirectory() as folder:
        for batch in wave:
            file = Path(folder) / f"{batch.title}.jsonl"
            write_documents(file, batch.documents, batch.seed, batch.poison)
            request = Request(file, batch.account, deadline_minutes=batch.deadline_minutes)
            submitted[submitter.submit(request)] = batch
    return submitted


def disagreement(figures: Figures) -> str:
    """Return the message for a batch whose counts do not add up."""
    return (
        f"batch {figures.batch_id} does not add up: {figures.document_count:,} documents, "
        f"{figures.dynamodb_count:,} rows in DynamoDB, {figures.prediction_count:,} in Aurora, "
        f"{figures.quarantined_count:,} quarantined"
    )


def _say_where(
    session: Session,
    console: Console,
    rows: list[tuple[str, Figures]],
    environment: dict[str, str],
) -> None:
    total = sum(figures.document_count for _, figures in rows)
    lines = [
        f"All {total:,} documents stand in both stores or in quarantine. "
        "List cost is what the emulated time would cost on AWS; nothing was billed.",
        f"Airflow    {environment['AIRFLOW__API__BASE_URL']}/dags/{DAG_ID}   "
        f"(login admin; password: {session.paths.passwords_file}, airflow_admin)",
        f"MLflow     {environment['MLFLOW_TRACKING_URI']}",
    ]
    lines += [
        f"data docs  {browser_address(figures.quality_uri, environment)}   ({title})"
        for title, figures in rows
        if figures.quality_uri
    ]
    lines.append("your own   make submit FILE=news.jsonl ACCOUNT=trial-lumen   (stop: make down)")
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
