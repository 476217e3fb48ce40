"""Dead letters: messages that no run made right, each with its reason, until they are redriven."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from include.domain.errors import PoisonMessage
from include.domain.queues.messages import content_key, read_message
from include.pipeline.queues.ports import LedgerEntry, Message, MessageQueue, QueueLedger

REASON = "twolane-reason"
RUNS = "twolane-runs"
REDRIVES = "twolane-redrives"
PREVIOUS_REASON = "twolane-previous-reason"

_BATCH = 10
_LOOK_S = 600.0
"""Visibility while dead letters are looked through; what is left is put back at the end."""

NO_REASON = "given up by SQS: received too often without being settled"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter.

    Attributes:
        account: empty where the message names none.
        reason: why it was refused; of the ledger where SQS itself gave it up.
        runs: runs that were started for it.
        redrives: how often it was redriven before.
    """

    message: Message
    key: str
    account: str
    reason: str
    runs: int
    redrives: int

    @property
    def sent_at(self) -> datetime:
        """When it became a dead letter; where SQS gave it up, when it was first sent."""
        return self.message.sent_at


def bury(dead_letters: MessageQueue, message: Message, *, reason: str, runs: int) -> None:
    """Add a message to the dead letters, with its reason."""
    attributes = {REASON: reason, RUNS: str(runs)}
    for name in (REDRIVES, PREVIOUS_REASON):
        if name in message.attributes:
            attributes[name] = message.attributes[name]
    dead_letters.send(message.body, attributes)


def look_through(
    dead_letters: MessageQueue, ledger: QueueLedger, *, limit: int
) -> Iterator[DeadLetter]:
    """Yield dead letters, each once; they stay where they are and appear again afterwards."""
    seen: dict[str, str] = {}
    try:
        while len(seen) < limit:
            found = dead_letters.receive(
                min(_BATCH, limit - len(seen)), wait_s=1, visibility_s=_LOOK_S
            )
            fresh = [message for message in found if message.message_id not in seen]
            if not fresh:
                return
            seen.update({message.message_id: message.receipt for message in fresh})
            keys = {message.message_id: _key(message) for message in fresh}
            known = ledger.entries([key for key, _ in keys.values()])
            for message in fresh:
                key, account = keys[message.message_id]
                yield _letter(message, key, account, known.get(key))
    finally:
        dead_letters.extend(list(seen.values()), 0)


def redrive(
    queue: MessageQueue,
    dead_letters: MessageQueue,
    ledger: QueueLedger,
    *,
    limit: int,
    is_wanted: Callable[[DeadLetter], bool],
) -> list[DeadLetter]:
    """Send the wanted dead letters to their queue again; return them.

    A dead letter is sent before it is deleted: redriven twice, it is run once. Its deadline
    counts anew.
    """
    done = []
    for letter in look_through(dead_letters, ledger, limit=limit):
        if is_wanted(letter):
            attributes = {REDRIVES: str(letter.redrives + 1), PREVIOUS_REASON: letter.reason}
            queue.send(letter.message.body, attributes)
            dead_letters.delete(letter.message.receipt)
            done.append(letter)
    return done


def _key(message: Message) -> tuple[str, str]:
    try:
        requests = read_message(message.body)
    except PoisonMessage:
        return content_key(message.body), ""
    if len(requests) != 1:
        return content_key(message.body), ""
    return requests[0].key, requests[0].account


def _letter(message: Message, key: str, account: str, entry: LedgerEntry | None) -> DeadLetter:
    attributes = message.attributes
    return DeadLetter(
        message=message,
        key=key,
        account=account,
        reason=attributes.get(REASON) or (entry.reason if entry else "") or NO_REASON,
        runs=entry.runs if entry else int(attributes.get(RUNS, "0")),
        redrives=int(attributes.get(REDRIVES, "0")),
    )
