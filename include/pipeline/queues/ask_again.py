"""Ask again for runs that were asked for and have not started.

Asking is an event of an asset, and Airflow may pass over one: up to 3.3 an event that comes while
another one of its asset waits for the scheduler is left for the next event, whenever that is
(https://github.com/apache/airflow/issues/54659). So nobody trusts an event: a run is asked for
until it is there. Asking twice is harmless, since a run's id is given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from include.domain.queues.patience import QueuePatience
from include.pipeline.queues.admit_message import RunRequest
from include.pipeline.queues.ports import StartedRuns


@dataclass(frozen=True, slots=True)
class _Ask:
    """A run that was asked for; `due_s` is when to look whether it has started."""

    run: RunRequest
    asks: int
    due_s: float


class Asks:
    """The runs that were asked for and have not been seen to start.

    Args:
        clock: monotonic seconds.
    """

    def __init__(
        self, started: StartedRuns, patience: QueuePatience, clock: Callable[[], float]
    ) -> None:
        self._started = started
        self._patience = patience
        self._clock = clock
        self._asks: dict[str, _Ask] = {}

    def add(self, run: RunRequest) -> None:
        """Note that a run is asked for now."""
        self._note(run, 1)

    def due(self, held: Collection[str]) -> list[RunRequest]:
        """Return the runs to ask for again; each is looked at later and later.

        What is returned has not started, so there is nothing of it to adopt or to write off.

        Args:
            held: ids of the runs that are still wanted; the others are forgotten.

        Raises:
            SchedulerUnavailable: nothing is known, and all of it stays due.
        """
        self._asks = {run_id: ask for run_id, ask in self._asks.items() if run_id in held}
        now_s = self._clock()
        due = {run_id: ask for run_id, ask in self._asks.items() if ask.due_s <= now_s}
        if not due:
            return []
        started = self._started.started(due.keys())
        again = []
        for run_id, ask in due.items():
            if run_id in started:
                del self._asks[run_id]
            else:
                again.append(replace(ask.run, is_again=False))
                self._note(ask.run, ask.asks + 1)
        return again

    def _note(self, run: RunRequest, asks: int) -> None:
        due_s = self._clock() + self._patience.ask_again_pause_s(asks)
        self._asks[run.run_id] = _Ask(run, asks, due_s)
