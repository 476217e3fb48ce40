"""One round: a batch a lane, all under way together, and one victim killed again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.chaos.airflow_state import AirflowState, Task
from benchmarks.chaos.cases import SERVERS, Cell, Lane, Moment, Victim
from benchmarks.chaos.submissions import Batch, Submissions
from benchmarks.chaos.verification import Verdict, Verifier
from benchmarks.chaos.victims import Executioner

POLL_S = 0.03
MAX_TRY = 3
"""A task that is at work for the third time is left to end: each kill costs a try."""
GAP_S = 3.5
"""Between two kills of a server, seconds at the least: it shall have worked again meanwhile."""
GRACE_S = 180.0
"""After the last kill, what is under way may take this long to end."""
FINAL = frozenset({"success", "failed"})


@dataclass(slots=True)
class Hit:
    """A kill that met a batch at a moment.

    Attributes:
        pids: what was killed.
        recovered_s: seconds until the step was done after all; None where it never was.
    """

    cell: Cell
    batch: Batch
    run_id: str
    at_s: float
    pids: list[int]
    recovered_s: float | None = None


@dataclass(slots=True)
class RoundResult:
    """What a round came to.

    Attributes:
        verdicts: by idempotency key.
        unfinished: keys of batches whose runs did not all succeed, with what became of them.
    """

    hits: list[Hit] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    unfinished: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything a round works with."""

    state: AirflowState
    submissions: Submissions
    verifier: Verifier
    executioner: Executioner
    is_up: Callable[[], bool]
    say: Callable[[str], None]


class Round:
    """A victim, and the moments it is to be killed at on each lane.

    Args:
        wanted: by lane; what was hit is taken out.
        timeout_s: after which nothing more is killed; batches that do not end within `GRACE_S`
            count as stuck.
        width: batches a lane, so that one kill meets more steps at work.
    """

    def __init__(
        self,
        victim: Victim,
        wanted: dict[str, list[Moment]],
        lanes: dict[str, Lane],
        stage: Stage,
        *,
        seed: int,
        timeout_s: float,
        width: int = 1,
    ) -> None:
        self._victim = victim
        self._wanted = wanted
        self._stage = stage
        self._timeout_s = timeout_s
        self._entered: dict[tuple[str, str, int], float] = {}
        self._last_kill = -GAP_S
        self._result = RoundResult(
            batches=[
                stage.submissions.prepare(lanes[name], seed + index * width + copy)
                for copy in range(width)
                for index, name in enumerate(wanted)
            ]
        )

    def run(self) -> RoundResult:
        """Submit, kill, wait, count."""
        began = time.monotonic()
        for batch in self._result.batches:
            self._stage.submissions.deliver(batch)
            if self._victim is Victim.TWICE:
                self._stage.submissions.deliver(batch)
        finals = self._watch(began + self._timeout_s)
        if self._victim is Victim.TWICE:
            finals = self._deliver_once_more(began + self._timeout_s)
        for batch in self._result.batches:
            self._conclude(batch, finals)
        self._result.seconds = time.monotonic() - began
        return self._result

    def _deliver_once_more(self, deadline: float) -> dict[tuple[str, str], str]:
        for batch in self._result.batches:
            self._stage.submissions.deliver(batch)
        finals = self._watch(deadline)
        for batch in self._result.batches:
            cell = Cell(self._victim, batch.lane.name, Moment("submission"))
            self._result.hits.append(Hit(cell, batch, batch.runs[0], 0.0, [], 0.0))
        return finals

    def _conclude(self, batch: Batch, finals: dict[tuple[str, str], str]) -> None:
        states = {f"{dag}/{run}": s for (run, dag), s in finals.items() if run in batch.runs}
        if set(states.values()) != {"success"}:
            tasks = self._stage.state.tasks(batch.runs) or []
            where = {t.task_id: f"{t.state}({t.try_number})" for t in tasks if t.state != "success"}
            self._result.unfinished[batch.key] = f"{states or 'no run'} {where}"
        self._result.verdicts[batch.key] = self._stage.verifier.verify(batch)

    def _watch(self, deadline: float) -> dict[tuple[str, str], str]:
        """Kill at every wanted moment that comes; return the runs' states once all are final."""
        finals: dict[tuple[str, str], str] = {}
        while time.monotonic() < deadline + GRACE_S:
            for batch in self._result.batches:
                self._stage.submissions.find(batch)
                if batch.lane.queue and not batch.runs:
                    batch.runs = self._stage.state.runs_of(batch.key)
            run_ids = [run_id for batch in self._result.batches for run_id in batch.runs]
            tasks = self._stage.state.tasks(run_ids)
            if tasks is not None:
                self._note(tasks)
                is_alive = self._stage.executioner.is_alive
                if time.monotonic() < deadline:
                    self._kill_what_is_due([t for t in tasks if t.is_at_work and is_alive(t)])
                finals = self._stage.state.runs(run_ids) or finals
                known = {run_id for run_id, _ in finals}
                has_runs = all(batch.runs for batch in self._result.batches)
                is_over = known >= set(run_ids) and all(s in FINAL for s in finals.values())
                if has_runs and is_over:
                    return finals
            time.sleep(POLL_S)
        return finals

    def _note(self, tasks: list[Task]) -> None:
        now = time.monotonic()
        states = {(task.run_id, task.task_id): task.state for task in tasks}
        for task in tasks:
            if task.is_at_work:
                key = (task.run_id, task.task_id, task.try_number)
                self._entered.setdefault(key, now)
        for hit in self._result.hits:
            state = states.get((hit.run_id, hit.cell.moment.task))
            if hit.recovered_s is None and state == "success":
                hit.recovered_s = now - hit.at_s

    def _kill_what_is_due(self, tasks: list[Task]) -> None:
        due = [(task, batch, m) for task in tasks for batch, m in self._due(task)]
        if not due:
            return
        if self._victim in SERVERS:
            has_rested = time.monotonic() - self._last_kill >= GAP_S
            is_safe = all(task.try_number < MAX_TRY for task in tasks)
            if has_rested and is_safe and self._stage.is_up():
                self._last_kill = time.monotonic()
                pids = self._stage.executioner.kill_server(self._victim)
                for task, batch, moment in due if pids else []:
                    self._hit(task, batch, moment, pids)
            return
        for task, batch, moment in due:
            pids = (
                self._stage.executioner.kill_worker(task)
                if self._victim is Victim.WORKER
                else self._stage.executioner.kill_containers(
                    batch.lane.containers or batch.batch_id
                )
            )
            if pids:
                self._hit(task, batch, moment, pids)

    def _due(self, task: Task) -> list[tuple[Batch, Moment]]:
        """Return the wanted moment that a task at work has come to, if any."""
        batch = next(b for b in self._result.batches if task.run_id in b.runs)
        if task.try_number >= MAX_TRY:
            return []
        since = time.monotonic() - self._entered[task.run_id, task.task_id, task.try_number]
        # The others of the same task come in its next tries.
        due = [
            moment
            for moment in self._wanted[batch.lane.name]
            if moment.task == task.task_id and since >= moment.after_s
        ]
        return [(batch, max(due, key=lambda moment: moment.after_s))] if due else []

    def _hit(self, task: Task, batch: Batch, moment: Moment, pids: list[int]) -> None:
        if moment not in self._wanted[batch.lane.name]:
            return  # another batch of the lane has been met at it by the same kill
        self._wanted[batch.lane.name].remove(moment)
        cell = Cell(self._victim, batch.lane.name, moment)
        self._result.hits.append(Hit(cell, batch, task.run_id, time.monotonic(), pids))
        self._stage.say(f"  {self._victim.value} killed: {batch.lane.name} at {moment}")
