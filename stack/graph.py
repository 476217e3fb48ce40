"""Runs steps side by side as soon as what they need is done."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

#: Whether the whole start has been given up; long actions ask it now and then.
Cancelled = Callable[[], bool]


class State(StrEnum):
    """Where a step stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """One action and what must be done before it.

    Attributes:
        name: unique in its graph.
        title: what a person reads while it runs.
        needs: names of the steps it waits for.
        action: does it; returns a remark for the display, empty for none.
        log: a file whose last line tells how far a long action is.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    action: Callable[[Cancelled], str]
    log: Path | None = None


#: Hears (step, its new state, the action's remark); called from the running thread only.
Listener = Callable[[Step, State, str], None]


def run_steps(steps: Sequence[Step], listener: Listener) -> None:
    """Run every step, each as soon as its needs are done.

    Raises:
        ValueError: a step needs one that is not there, or steps need each other.
        Exception: of the first step that failed, once the others have stopped.
    """
    _check(steps)
    given_up = threading.Event()
    waiting = list(steps)
    done: set[str] = set()
    running: dict[Future[str], Step] = {}
    with ThreadPoolExecutor(max_workers=max(1, len(steps))) as pool:
        try:
            while waiting or running:
                for step in [s for s in waiting if done.issuperset(s.needs)]:
                    waiting.remove(step)
                    listener(step, State.RUNNING, "")
                    running[pool.submit(step.action, given_up.is_set)] = step
                # A timeout keeps the main thread awake for signals.
                finished, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in finished:
                    step = running.pop(future)
                    if future.exception() is not None:
                        listener(step, State.FAILED, "")
                    remark = future.result()
                    done.add(step.name)
                    listener(step, State.DONE, remark)
        except BaseException:
            given_up.set()
            raise


def _check(steps: Sequence[Step]) -> None:
    names = {step.name for step in steps}
    unknown = {need for step in steps for need in step.needs} - names
    if unknown:
        raise ValueError(f"no step is called {', '.join(sorted(unknown))}")
    done: set[str] = set()
    while len(done) < len(names):
        ready = {s.name for s in steps if s.name not in done and done.issuperset(s.needs)}
        if not ready:
            raise ValueError(f"steps need each other: {', '.join(sorted(names - done))}")
        done |= ready
