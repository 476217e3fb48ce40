"""Messages that were put back at their account's cap, and are called when it has room again."""

from __future__ import annotations

from dataclasses import dataclass, field

from include.pipeline.queues.ports import Message, MessageQueue


@dataclass(slots=True)
class PutBacks:
    """What one keeper put back, oldest first.

    A message that is not called appears by itself after its pause: what is forgotten here, or
    freed by somebody else, costs a pause at the most.
    """

    inbox: MessageQueue
    _receipts: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add(self, message: Message, account: str, pause_s: float) -> None:
        """Put a message back; it keeps its turn when it was put back before."""
        self._receipts[message.message_id] = (account, message.receipt)
        self.inbox.extend([message.receipt], pause_s)

    def forget(self, message: Message) -> None:
        """Note that a message is not waiting any more."""
        self._receipts.pop(message.message_id, None)

    def call(self, account: str) -> None:
        """Let the account's next message appear at once."""
        waiting = [key for key, (whose, _) in self._receipts.items() if whose == account]
        for message_id in waiting:
            _, receipt = self._receipts.pop(message_id)
            if not self.inbox.extend([receipt], 0):
                return

    def call_all(self) -> None:
        """Let every message appear at once."""
        self.inbox.extend([receipt for _, receipt in self._receipts.values()], 0)
        self._receipts.clear()
