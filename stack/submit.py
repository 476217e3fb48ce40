"""`make submit`: one file of one's own, from upload to both stores."""

import argparse
from pathlib import Path

from rich.console import Console

from stack.errors import StackError
from stack.figures import FiguresReader, browser_address
from stack.passwords import load_or_generate
from stack.paths import Paths
from stack.result_table import print_results
from stack.run_display import RunDisplay
from stack.session import running_environment
from stack.submission import Request, Submitter


def submit(paths: Paths, arguments: argparse.Namespace, console: Console) -> int:
    """Submit a file, wait, print what became of it; return the exit code.

    Raises:
        StackError: there is no such file, or the stack does not take the batch.
    """
    request = Request(
        file=Path(arguments.file).expanduser(),
        account=arguments.account,
        tier=arguments.tier,
        deadline_minutes=arguments.deadline_minutes,
        model_alias=arguments.model_alias,
        model_name=arguments.model_name,
    )
    if not request.file.is_file():
        raise StackError(f"there is no file {request.file}")
    environment = running_environment(paths)
    passwords, _ = load_or_generate(paths.passwords_file)
    submitter = Submitter(environment, passwords.airflow_admin)
    submitter.wait_for_dags()
    run_id = submitter.submit(request)
    console.print(f"run {submitter.address_of(run_id)}", highlight=False, soft_wrap=True)
    with RunDisplay(console, {run_id: request.file.name}) as display:
        state = submitter.wait([run_id], display.listen)[run_id]
    figures = FiguresReader(environment).by_run(run_id)
    if figures:
        print_results(console, [(request.file.name, figures)])
        if figures.quality_uri:
            report = browser_address(figures.quality_uri, environment)
            console.print(f"data docs {report}", highlight=False, soft_wrap=True)
    if state != "success":
        raise StackError(f"the run failed. {submitter.failure(run_id)}")
    return 0 if figures and figures.adds_up else 1
