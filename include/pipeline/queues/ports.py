"""What taking batches from queues needs of the world, as contracts, as in `ports`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from include.domain.queues.lane_class import LaneClass
from include.domain.queues.requests import QueueRequest


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery of a message; the same message may be delivered again.

    Attributes:
        message_id: of the message, the same for each delivery.
        receipt: of this delivery; what extends or deletes it.
        receptions: how often it was delivered, this time included.
        sent_at: timezone-aware.
        attributes: what the sender wrote beside the body.
    """

    message_id: str
    receipt: str
    body: str
    receptions: int
    sent_at: datetime
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectDetails:
    """One object by itself; `metadata` is what the uploader wrote, names in lower case."""

    size_bytes: int
    metadata: Mapping[str, str]


class Uploads(Protocol):
    """The inbox as an uploader left it. Raises `StoreError` where it does not answer."""

    def describe(self, uri: str) -> ObjectDetails:
        """Return an object's size and metadata. Raises `ObjectMissing` where there is none."""
        ...


class MessageQueue(Protocol):
    """One SQS standard queue: at least once, in no order. Raises `QueueUnavailable`."""

    @property
    def name(self) -> str:
        """The queue's name."""
        ...

    def receive(self, limit: int, *, wait_s: float, visibility_s: float) -> list[Message]:
        """Take at most `limit` (and at most 10) messages, waiting up to `wait_s` for the first.

        What is taken is invisible to others for `visibility_s` and then appears again.
        """
        ...

    def extend(self, receipts: Sequence[str], visibility_s: float) -> set[str]:
        """Keep deliveries invisible for `visibility_s` from now; 0 puts them back at once.

        Returns:
            The receipts that are good for nothing any more: the message was deleted, has appeared
            again, or was held for as long as SQS allows.
        """
        ...

    def delete(self, receipt: str) -> None:
        """Remove a message for good; one that is gone is left so."""
        ...

    def send(self, body: str, attributes: Mapping[str, str] | None = None) -> str:
        """Add a message; return its id."""
        ...


class StartedRuns(Protocol):
    """Which runs the scheduler knows. Raises `SchedulerUnavailable`."""

    def started(self, run_ids: Collection[str]) -> set[str]:
        """Return those of the ids that a run has: one that waits, works or has ended."""
        ...


class ClaimState(StrEnum):
    """What came of asking to run a request."""

    GRANTED = "granted"
    """A new run may start: the account has room for it."""
    RUNNING = "running"
    """Its run was granted before: adopt it."""
    COMMITTED = "committed"
    """Its batch stands in both stores."""
    REFUSED = "refused"
    """This very message was refused before."""
    OVER_CAP = "over_cap"
    """The account runs as many batches as it may."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The ledger's answer.

    Attributes:
        run_id: of the run to start or to adopt; empty for the other states.
        running: batches of the account that hold a place, this one included when it has one.
    """

    state: ClaimState
    run_id: str = ""
    running: int = 0


class OutcomeState(StrEnum):
    """Where a claimed request stands."""

    RUNNING = "running"
    COMMITTED = "committed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a claimed request stands.

    Attributes:
        reason: why it failed.
        is_final: another run would fail the same way.
        failures: runs that failed so far.
    """

    state: OutcomeState
    reason: str = ""
    is_final: bool = False
    failures: int = 0


class Settlement(StrEnum):
    """How a message was let go."""

    COMMITTED = "committed"
    WAITING = "waiting"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What is known of a request.

    Attributes:
        state: of the claim or the settlement.
        runs: runs granted so far.
        failures: of those, the ones that failed since the request was last refused.
        message_id: of the message that was received last.
    """

    key: str
    state: str
    runs: int
    failures: int
    reason: str
    message_id: str


class QueueLedger(Protocol):
    """Which requests were received, run, committed, refused: in Aurora, beside the batches.

    A request holds a place of its account's cap from its claim until it is settled, or until its
    lease ends. A batch has committed when the read store says it succeeded, nothing else counts.
    Raises `StoreError`.
    """

    def claim(
        self,
        request: QueueRequest,
        *,
        lane_class: LaneClass,
        message_id: str,
        cap: int,
        lease_s: float,
    ) -> Claim:
        """Ask to run a request; atomic among any number of consumers.

        The same request is granted one run until that run has failed and is settled. A request
        that was refused is granted another run for another message only (a redriven or repeated
        one has a new id).
        """
        ...

    def renew(self, keys: Collection[str], lease_s: float) -> None:
        """Keep the places of running requests for `lease_s` from now."""
        ...

    def outcomes(self, keys: Collection[str]) -> dict[str, Outcome]:
        """Return where claimed requests stand, leaving out those that were settled."""
        ...

    def record_failure(self, run_id: str, reason: str, *, is_final: bool) -> bool:
        """Note why a run failed, once; False where no request runs under that id."""
        ...

    def settle(self, key: str, settlement: Settlement, *, reason: str, message_id: str) -> None:
        """Let a claimed request go, and its place with it."""
        ...

    def refuse(
        self, key: str, *, lane_class: LaneClass, account: str, reason: str, message_id: str
    ) -> None:
        """Note a request, or a message that names none, as refused without a run."""
        ...

    def entries(self, keys: Collection[str]) -> dict[str, LedgerEntry]:
        """Return what is known of requests, by key."""
        ...
