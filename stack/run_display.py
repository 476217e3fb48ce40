"""Progress bars of submitted batches; plain lines where there is no terminal."""

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import (
    Progress as Bars,
)

from stack.submission import Progress


class RunDisplay:
    """One bar a run; a context manager around `Submitter.wait`."""

    def __init__(self, console: Console, titles: dict[str, str]) -> None:
        self._console = console
        self._titles = titles
        self._last: dict[str, tuple[str, ...]] = {}
        self._bars = Bars(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {
            run_id: self._bars.add_task(title, total=None, note="waiting")
            for run_id, title in titles.items()
        }

    def __enter__(self) -> "RunDisplay":
        """Show the bars."""
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave their last state on the screen."""
        self._bars.stop()

    def listen(self, run_id: str, progress: Progress) -> None:
        """Hear where a run stands."""
        note = progress.state if progress.is_final else ", ".join(progress.running) or "queued"
        total = max(progress.total, 1)
        done = total if progress.is_final else progress.done
        self._bars.update(self._tasks[run_id], completed=done, total=total, note=note)
        shown = (progress.state, *progress.running)
        if not self._console.is_terminal and shown != self._last.get(run_id):
            self._last[run_id] = shown
            line = f"{self._titles[run_id]}: {progress.done}/{progress.total} {note}"
            self._console.print(line, markup=False, highlight=False)
