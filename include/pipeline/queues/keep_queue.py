"""Keep a queue: take what there is room for, hold it until it is settled, let it go.

A message is deleted only after its batch has committed. While its run works it is kept invisible
by a heartbeat; what this process holds when it dies appears again and is held by the next, which
adopts the runs. Nothing here is state that would have to survive.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from include.pipeline.queues.admit_message import (
    Admit,
    Drop,
    Gate,
    PutBack,
    Refuse,
    RunRequest,
    SendAnew,
)
from include.pipeline.queues.ask_again import Asks
from include.pipeline.queues.ports import Message, OutcomeState, StartedRuns
from include.pipeline.queues.put_back import PutBacks
from include.pipeline.queues.settle_message import Queues, Settler

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """A message taken and not yet settled; the times are those of the keeper's clock, seconds."""

    message: Message
    key: str
    run: RunRequest
    received_s: float
    extended_s: float
    looked_s: float


class QueueKeeper:
    """Keeps one queue. One thread at a time; any number of keepers, here or elsewhere.

    Args:
        clock: monotonic seconds.
    """

    def __init__(
        self,
        gate: Gate,
        queues: Queues,
        started: StartedRuns,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gate = gate
        self._queues = queues
        self._patience = gate.patience
        self._ledger = gate.ports.ledger
        self._settler = Settler(gate.lane_class, queues, self._ledger, self._patience)
        self._put_back = PutBacks(queues.inbox)
        self._clock = clock
        self._asks = Asks(started, gate.patience, clock)
        self._held: dict[str, Held] = {}
        # Kept over a step that ends in an error: the next one returns them.
        self._asked: list[RunRequest] = []

    @property
    def held(self) -> int:
        """Messages that are held now."""
        return len(self._held)

    @property
    def pause_s(self) -> float:
        """Seconds to let pass before the next step: none while a step itself waits for messages."""
        return self._patience.wait_s if len(self._held) >= self._patience.max_held else 0.0

    def step(self) -> list[RunRequest]:
        """Settle what has ended, extend the rest, take what there is room for.

        Waits up to `wait_s` for a message when there is room for one and no run to ask for.

        Returns:
            The runs to start, or to adopt. One that has not started `ask_again_s` later is asked
            for again.

        Raises:
            TwolaneError: something needed does not answer; call again later.
        """
        self._settle()
        self._extend()
        self._look_again()
        self._asked += self._asks.due({held.run.run_id for held in self._held.values()})
        self._receive()
        asked, self._asked = self._asked, []
        return asked

    def release(self) -> None:
        """Put everything back at once: another keeper takes it, and adopts the runs."""
        self._queues.inbox.extend([held.message.receipt for held in self._held.values()], 0)
        self._held.clear()
        self._put_back.call_all()

    def _settle(self) -> None:
        if not self._held:
            return
        keys = {held.key for held in self._held.values()}
        outcomes = self._ledger.outcomes(keys)
        for message_id, held in list(self._held.items()):
            outcome = outcomes.get(held.key)
            if outcome is None:
                # Another delivery of the same request was settled elsewhere: let this one
                # appear again, it is then dropped or tried anew.
                self._queues.inbox.extend([held.message.receipt], 0)
            elif outcome.state is OutcomeState.RUNNING:
                continue
            else:
                self._settler.settle(held.key, held.message, outcome)
                self._put_back.call(held.run.conf["account"])
            del self._held[message_id]

    def _extend(self) -> None:
        now_s = self._clock()
        tired = {
            message_id: held
            for message_id, held in self._held.items()
            if now_s - held.received_s >= self._patience.hold_limit_s
        }
        if tired:
            self._queues.inbox.extend([held.message.receipt for held in tired.values()], 0)
            for message_id in tired:
                del self._held[message_id]
        due = {
            message_id: held
            for message_id, held in self._held.items()
            if now_s - held.extended_s >= self._patience.heartbeat_s
        }
        if not due:
            return
        visibility_s = self._patience.visibility_s
        gone = self._queues.inbox.extend(
            [held.message.receipt for held in due.values()], visibility_s
        )
        self._ledger.renew({held.key for held in due.values()}, 2 * visibility_s)
        for message_id, held in due.items():
            if held.message.receipt in gone:
                _LOG.warning("%s: lost hold of %s", self._queues.inbox.name, held.run.run_id)
                del self._held[message_id]
            else:
                self._held[message_id] = replace(held, extended_s=now_s)

    def _look_again(self) -> None:
        now_s = self._clock()
        for message_id, held in self._held.items():
            if now_s - held.looked_s >= self._patience.look_again_s:
                self._held[message_id] = replace(held, looked_s=now_s)
                self._asked.append(replace(held.run, is_again=True))

    def _receive(self) -> None:
        room = self._patience.max_held - len(self._held)
        if room > 0:
            wait_s = 0.0 if self._asked else self._patience.wait_s
            for message in self._queues.inbox.receive(
                room, wait_s=wait_s, visibility_s=self._patience.visibility_s
            ):
                self._take(message)

    def _take(self, message: Message) -> None:
        inbox = self._queues.inbox
        decision = self._gate.decide(message)
        if not isinstance(decision, PutBack):
            self._put_back.forget(message)
        match decision:
            case Admit():
                now_s = self._clock()
                self._held[message.message_id] = Held(
                    message, decision.request.key, decision.run, now_s, now_s, now_s
                )
                self._asked.append(decision.run)
                self._asks.add(decision.run)
            case Drop():
                _LOG.info("%s: message %s %s", inbox.name, message.message_id, decision.why)
                inbox.delete(message.receipt)
            case PutBack():
                _LOG.debug("%s: put back: %s", inbox.name, decision.why)
                self._put_back.add(message, decision.account, decision.pause_s)
            case Refuse():
                self._settler.refuse(message, decision)
            case SendAnew():
                _LOG.info("%s: message %s %s", inbox.name, message.message_id, decision.why)
                self._settler.send_anew(message, decision.bodies)
            case _:
                assert_never(decision)
