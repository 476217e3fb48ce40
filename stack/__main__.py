"""Command line of the stack: `python -m stack COMMAND`, mostly through `make COMMAND`."""

import argparse
import os
import signal
import sys
from types import FrameType
from typing import TextIO

from rich.console import Console
from rich.text import Text

from stack.errors import StackError
from stack.paths import Paths
from stack.session import open_session, running_environment


def parse(argv: list[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="stack", description="The embedded default.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start everything that does not run yet")
    commands.add_parser("down", help="stop everything")
    commands.add_parser("watch", help="start again what dies; `up` runs it beside the servers")
    commands.add_parser("status", help="what runs, and where it listens")
    commands.add_parser("demo", help="start everything, run five batches, show what came of them")
    logs = commands.add_parser("logs", help="the ends of the logs")
    logs.add_argument("component", nargs="?")
    logs.add_argument("--follow", "-f", action="store_true", help="go on until Ctrl-C")
    env = commands.add_parser("env", help="print the stack's variables, or the value of one")
    env.add_argument("name", nargs="?")
    run = commands.add_parser("run", help="run a command with the stack's variables")
    run.add_argument("argv", nargs=argparse.REMAINDER, metavar="COMMAND")
    submit = commands.add_parser("submit", help="submit a file of one's own and wait for it")
    submit.add_argument("file")
    submit.add_argument("--account", required=True)
    submit.add_argument("--tier")
    submit.add_argument("--deadline-minutes", type=float)
    submit.add_argument("--model-name", help="the default model when left out")
    submit.add_argument("--model-alias", default="champion")
    return parser.parse_args(argv)


def execute(arguments: argparse.Namespace, console: Console) -> int:
    """Run one command; return the exit code."""
    paths = Paths.default()
    match arguments.command:
        case "up":
            from stack.up import up

            up(open_session(paths), console)
        case "down":
            from stack.down import down

            down(open_session(paths), console)
        case "watch":
            from stack.watcher import watch

            watch(open_session(paths).watcher())
        case "status":
            from stack.status import status

            return 0 if status(open_session(paths), console) else 1
        case "logs":
            from stack.logs import show_logs

            show_logs(paths, console, arguments.component, arguments.follow)
        case "env":
            return _print_environment(paths, arguments.name)
        case "run":
            _run(paths, arguments.argv)
        case "submit":
            from stack.submit import submit

            return submit(paths, arguments, console)
        case "demo":
            from stack.demo import demo

            return demo(open_session(paths), console)
    return 0


def _print_environment(paths: Paths, name: str | None) -> int:
    variables = running_environment(paths)
    if name is not None:
        if name not in variables:
            raise StackError(f"the stack sets no variable {name}")
        print(variables[name])
        return 0
    sys.stdout.write(paths.env_file.read_text())
    return 0


def _run(paths: Paths, argv: list[str]) -> None:
    command = argv[1:] if argv[:1] == ["--"] else argv
    if not command:
        raise StackError("run needs a command: python -m stack run -- COMMAND ARGUMENT…")
    environment = {**os.environ, **running_environment(paths)}
    os.execvpe(command[0], command, environment)  # noqa: S606 - the user's own command


def _console(stream: TextIO) -> Console:
    """Return a console that does not cut a log file's lines to a terminal's width."""
    return Console(file=stream, width=None if stream.isatty() else 160)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run, and turn what went wrong into a message and an exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    console = _console(sys.stdout)
    try:
        return execute(parse(sys.argv[1:]), console)
    except StackError as error:
        complaint = Text(f"stack: {error}", style="red")
        _console(sys.stderr).print(complaint, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
