"""`make logs`: the ends of the logs, or one of them as it grows."""

import time
from pathlib import Path

from rich.console import Console

from stack.errors import StackError
from stack.paths import Paths
from stack.processes import tail


def show_logs(paths: Paths, console: Console, name: str | None, follow: bool) -> None:
    """Print the last lines of every log, or more of one, and go on until Ctrl-C if asked.

    Raises:
        StackError: there is no such log.
    """
    known = sorted(log.stem for log in paths.logs.glob("*.log")) if paths.logs.exists() else []
    if name is None:
        for each in known:
            console.rule(f"{each}  {paths.log(each)}", align="left")
            console.print(tail(paths.log(each), 5), markup=False, highlight=False)
        return
    if name not in known:
        raise StackError(f"no log is called {name!r}; there are: {', '.join(known) or 'none'}")
    console.print(tail(paths.log(name), 100), markup=False, highlight=False, soft_wrap=True)
    if follow:
        _follow(paths.log(name), console)


def _follow(log: Path, console: Console) -> None:
    position = log.stat().st_size
    while True:
        size = log.stat().st_size
        if size < position:
            position = 0
        if size > position:
            with log.open("rb") as file:
                file.seek(position)
                text = file.read().decode(errors="replace")
                position = file.tell()
            console.print(text, end="", markup=False, highlight=False, soft_wrap=True)
        time.sleep(0.3)
