"""MessageQueue, QueueLedger and StartedRuns in dictionaries and sets."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from include.domain.errors import QueueUnavailable, SchedulerUnavailable
from include.domain.queues.lane_class import LaneClass
from include.domain.queues.requests import QueueRequest, run_id_of
from include.pipeline.queues.ports import (
    Claim,
    ClaimState,
    LedgerEntry,
    Message,
    Outcome,
    OutcomeState,
    Settlement,
)

_numbers = itertools.count(1)
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class FakeMessage:
    """One message as the fake queue holds it; `visible_s` is when it appears."""

    message_id: str
    body: str
    attributes: dict[str, str]
    visible_s: float
    receptions: int = 0
    receipt: str = ""


class FakeQueue:
    """Messages by id in `messages`; time stands still unless `now_s` is moved.

    `fail_with` makes every call raise `QueueUnavailable`.
    """

    def __init__(self, name: str = "queue") -> None:
        self.name = name
        self.messages: dict[str, FakeMessage] = {}
        self.now_s = 0.0
        self.fail_with = ""

    @property
    def bodies(self) -> list[str]:
        return [each.body for each in self.messages.values()]

    def receive(self, limit: int, *, wait_s: float, visibility_s: float) -> list[Message]:
        self._check()
        ready = [each for each in self.messages.values() if each.visible_s <= self.now_s]
        return [self._deliver(each, visibility_s) for each in ready[: min(limit, 10)]]

    def extend(self, receipts: Sequence[str], visibility_s: float) -> set[str]:
        self._check()
        gone = set()
        for receipt in receipts:
            found = self._held(receipt)
            if found is None:
                gone.add(receipt)
            else:
                found.visible_s = self.now_s + visibility_s
        return gone

    def delete(self, receipt: str) -> None:
        self._check()
        for message_id, each in list(self.messages.items()):
            if each.receipt == receipt:
                del self.messages[message_id]

    def send(self, body: str, attributes: Mapping[str, str] | None = None) -> str:
        self._check()
        message_id = f"m-{next(_numbers)}"
        given = {name: value for name, value in (attributes or {}).items() if value}
        self.messages[message_id] = FakeMessage(message_id, body, given, self.now_s)
        return message_id

    def deliver_again(self, message_id: str) -> None:
        """Let a message that is held appear a second time, as SQS may."""
        self.messages[message_id].visible_s = self.now_s

    def _deliver(self, found: FakeMessage, visibility_s: float) -> Message:
        found.receptions += 1
        found.receipt = f"r-{next(_numbers)}"
        found.visible_s = self.now_s + visibility_s
        return Message(
            found.message_id, found.receipt, found.body, found.receptions, START, found.attributes
        )

    def _held(self, receipt: str) -> FakeMessage | None:
        for each in self.messages.values():
            if each.receipt == receipt and each.visible_s > self.now_s:
                return each
        return None

    def _check(self) -> None:
        if self.fail_with:
            raise QueueUnavailable(f"queue {self.name}: {self.fail_with}")


@dataclass
class FakeStartedRuns:
    """Every run that is asked for starts, but for those in `lost`.

    `fail_with` makes every call raise `SchedulerUnavailable`; `looks` counts the others.
    """

    lost: set[str] = field(default_factory=set)
    fail_with: str = ""
    looks: int = 0

    def started(self, run_ids: Collection[str]) -> set[str]:
        if self.fail_with:
            raise SchedulerUnavailable(f"runs: {self.fail_with}")
        self.looks += 1
        return set(run_ids) - self.lost


@dataclass
class FakeRequest:
    """One request as the fake ledger holds it."""

    lane_class: LaneClass
    account: str
    submission: str
    batch_uri: str
    state: str
    run_id: str = ""
    runs: int = 0
    failures: int = 0
    reason: str = ""
    is_final: bool = False
    message_id: str = ""
    lease_until_s: float = 0.0


@dataclass
class FakeQueueLedger:
    """Requests by key in `requests`; `commit` says that a request's batch succeeded."""

    requests: dict[str, FakeRequest] = field(default_factory=dict)
    committed: set[tuple[str, str, str]] = field(default_factory=set)
    now_s: float = 0.0

    def commit(self, account: str, submission: str, batch_uri: str) -> None:
        self.committed.add((account, submission, batch_uri))

    def claim(
        self,
        request: QueueRequest,
        *,
        lane_class: LaneClass,
        message_id: str,
        cap: int,
        lease_s: float,
    ) -> Claim:
        known = self.requests.get(request.key)
        if (request.account, request.submission, request.batch_uri) in self.committed:
            if known:
                known.state, known.reason, known.lease_until_s = "committed", "", 0.0
            return Claim(ClaimState.COMMITTED)
        others = sum(
            each.state in ("running", "failed")
            and each.lease_until_s > self.now_s
            and (each.lane_class, each.account) == (lane_class, request.account)
            for key, each in self.requests.items()
            if key != request.key
        )
        if known and known.state in ("running", "failed"):
            known.lease_until_s = self.now_s + lease_s
            return Claim(ClaimState.RUNNING, known.run_id, others + 1)
        if known and known.state == "refused" and known.message_id == message_id:
            return Claim(ClaimState.REFUSED, running=others)
        if others >= cap:
            return Claim(ClaimState.OVER_CAP, running=others)
        run = (known.runs if known else 0) + 1
        self.requests[request.key] = FakeRequest(
            lane_class=lane_class,
            account=request.account,
            submission=request.submission,
            batch_uri=request.batch_uri,
            state="running",
            run_id=run_id_of(request.key, run),
            runs=run,
            failures=known.failures if known and known.state != "refused" else 0,
            reason=known.reason if known else "",
            message_id=message_id,
            lease_until_s=self.now_s + lease_s,
        )
        return Claim(ClaimState.GRANTED, run_id_of(request.key, run), others + 1)

    def renew(self, keys: Collection[str], lease_s: float) -> None:
        for key in keys:
            if self.requests[key].state in ("running", "failed"):
                self.requests[key].lease_until_s = self.now_s + lease_s

    def outcomes(self, keys: Collection[str]) -> dict[str, Outcome]:
        found = {}
        for key in keys:
            each = self.requests.get(key)
            if each and each.state in ("running", "failed"):
                identity = (each.account, each.submission, each.batch_uri)
                state = "committed" if identity in self.committed else each.state
                found[key] = Outcome(OutcomeState(state), each.reason, each.is_final, each.failures)
        return found

    def record_failure(self, run_id: str, reason: str, *, is_final: bool) -> bool:
        for each in self.requests.values():
            if each.run_id == run_id and each.state == "running":
                each.state, each.reason, each.is_final = "failed", reason, is_final
                each.failures += 1
                return True
        return False

    def settle(self, key: str, settlement: Settlement, *, reason: str, message_id: str) -> None:
        each = self.requests.get(key)
        if each and each.state in ("running", "failed"):
            each.state, each.reason, each.message_id = settlement.value, reason, message_id
            each.lease_until_s = 0.0

    def refuse(
        self, key: str, *, lane_class: LaneClass, account: str, reason: str, message_id: str
    ) -> None:
        each = self.requests.setdefault(key, FakeRequest(lane_class, account, "", "", "refused"))
        if each.state != "committed":
            each.state, each.reason, each.message_id = "refused", reason, message_id
            each.lease_until_s = 0.0

    def entries(self, keys: Collection[str]) -> dict[str, LedgerEntry]:
        return {
            key: LedgerEntry(
                key, each.state, each.runs, each.failures, each.reason, each.message_id
            )
            for key, each in self.requests.items()
            if key in keys
        }
