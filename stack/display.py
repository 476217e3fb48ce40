"""What a person sees while the stack starts: live lines on a terminal, plain ones elsewhere."""

import time
from collections.abc import Iterable
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from stack.graph import State, Step
from stack.processes import tail


class StartDisplay:
    """One line a step with its seconds; a context manager around `run_steps`."""

    def __init__(self, console: Console, steps: Iterable[Step]) -> None:
        self._console = console
        self._steps = list(steps)
        self._states = {step.name: State.WAITING for step in self._steps}
        self._remarks: dict[str, str] = {}
        self._began: dict[str, float] = {}
        self._seconds: dict[str, float] = {}
        self._spinner = Spinner("dots", style="cyan")
        self._live = (
            Live(self, console=console, refresh_per_second=8) if console.is_terminal else None
        )

    def __enter__(self) -> "StartDisplay":
        """Show the lines."""
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last state on the screen."""
        if self._live:
            self._live.stop()

    def listen(self, step: Step, state: State, remark: str) -> None:
        """Hear of a step's new state."""
        now = time.monotonic()
        self._states[step.name] = state
        self._remarks[step.name] = remark
        if state is State.RUNNING:
            self._began[step.name] = now
            return
        self._seconds[step.name] = now - self._began[step.name]
        if self._live is None:
            mark = "ready" if state is State.DONE else "FAILED"
            note = f" ({remark})" if remark else ""
            self._console.print(
                f"{self._seconds[step.name]:6.1f} s  {mark}  {step.title}{note}",
                highlight=False,
                markup=False,
            )

    def __rich__(self) -> Group:
        """Draw the lines."""
        frame = self._spinner.render(time.monotonic())
        return Group(*(self._line(step, frame) for step in self._steps))

    def _line(self, step: Step, frame: object) -> Text:
        state = self._states[step.name]
        match state:
            case State.WAITING:
                return Text(f"  · {step.title}", style="dim")
            case State.RUNNING:
                seconds = time.monotonic() - self._began[step.name]
                note = tail(step.log, 1).strip()[:80] if step.log else ""
                title = f" {step.title}  {seconds:.0f} s  "
                return Text.assemble("  ", f"{frame}", title, (note, "dim"), no_wrap=True)
            case State.FAILED:
                return Text(f"  ✗ {step.title}", style="bold red")
            case State.DONE:
                note = self._remarks[step.name] or f"{self._seconds[step.name]:.1f} s"
                return Text.assemble(("  ✓", "green"), f" {step.title}  ", (note, "dim"))
