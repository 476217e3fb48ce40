"""Let a message go: delete it, put it back, send it anew, or bury it with its reason.

Each is ordered so that a crash on the way makes a message appear again, or a second dead letter,
and never loses one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from include.domain.queues.lane_class import LaneClass
from include.domain.queues.patience import QueuePatience
from include.pipeline.queues.admit_message import SENT_AT, Refuse, first_sent_at
from include.pipeline.queues.dead_letters import PREVIOUS_REASON, REDRIVES, bury
from include.pipeline.queues.ports import (
    Message,
    MessageQueue,
    Outcome,
    OutcomeState,
    QueueLedger,
    Settlement,
)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Queues:
    """A queue and where its dead letters go."""

    inbox: MessageQueue
    dead_letters: MessageQueue


@dataclass(frozen=True, slots=True)
class Settler:
    """Lets messages of one queue go."""

    lane_class: LaneClass
    queues: Queues
    ledger: QueueLedger
    patience: QueuePatience

    def settle(self, key: str, message: Message, outcome: Outcome) -> None:
        """Let a message go whose run has ended."""
        inbox = self.queues.inbox
        if outcome.state is OutcomeState.COMMITTED:
            settlement = Settlement.COMMITTED
        elif outcome.is_final or outcome.failures >= self.patience.max_failures:
            settlement = Settlement.REFUSED
            _LOG.warning("%s: dead letter: %s", inbox.name, outcome.reason)
            bury(self.queues.dead_letters, message, reason=outcome.reason, runs=outcome.failures)
        else:
            settlement = Settlement.WAITING
        self.ledger.settle(key, settlement, reason=outcome.reason, message_id=message.message_id)
        if settlement is Settlement.WAITING:
            pause_s = self.patience.retry_pause_s(outcome.failures)
            _LOG.warning("%s: again in %.0f s: %s", inbox.name, pause_s, outcome.reason)
            inbox.extend([message.receipt], pause_s)
        else:
            inbox.delete(message.receipt)

    def refuse(self, message: Message, refusal: Refuse) -> None:
        """Bury a message that cannot be run."""
        inbox = self.queues.inbox
        _LOG.warning("%s: dead letter: %s", inbox.name, refusal.reason)
        bury(self.queues.dead_letters, message, reason=refusal.reason, runs=0)
        self.ledger.refuse(
            refusal.key,
            lane_class=self.lane_class,
            account=refusal.account,
            reason=refusal.reason,
            message_id=message.message_id,
        )
        inbox.delete(message.receipt)

    def send_anew(self, message: Message, bodies: Sequence[str]) -> None:
        """Send bodies in a message's place; they keep its history and its age."""
        history = {
            name: message.attributes[name]
            for name in (REDRIVES, PREVIOUS_REASON)
            if name in message.attributes
        }
        for body in bodies:
            sent_at = first_sent_at(message).isoformat()
            self.queues.inbox.send(body, history | {SENT_AT: sent_at})
        self.queues.inbox.delete(message.receipt)
