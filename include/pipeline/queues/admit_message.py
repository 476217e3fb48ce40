"""Admit a message: read it, check it, and ask the ledger for a run."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from include.domain.accounts import Account, Tier
from include.domain.errors import BatchRejected, PoisonMessage
from include.domain.queues.lane_class import LaneClass
from include.domain.queues.messages import content_key, read_message, split_message
from include.domain.queues.patience import QueuePatience
from include.domain.queues.requests import QueueRequest
from include.pipeline.batch.pull_batch import check_bucket
from include.pipeline.ports.directories import AccountDirectory
from include.pipeline.queues.ports import Claim, ClaimState, Message, QueueLedger, Uploads

SENT_AT = "twolane-sent-at"
"""Attribute of a message that was sent anew: when it was sent first, ISO 8601."""

REFUSED_BEFORE = "was refused, and stands among the dead letters"


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run to start, or to adopt where it runs already.

    Attributes:
        conf: values of the inference form.
        is_again: the run was granted before; it may have started, ended, or neither.
    """

    run_id: str
    conf: dict[str, Any]
    is_again: bool


@dataclass(frozen=True, slots=True)
class Admit:
    """Hold the message until its batch has committed or its run has failed."""

    request: QueueRequest
    run: RunRequest


@dataclass(frozen=True, slots=True)
class Drop:
    """The message asks for nothing, or for what stands already: delete it."""

    why: str


@dataclass(frozen=True, slots=True)
class PutBack:
    """Not now: let the message appear again after a pause, or when its account has room."""

    account: str
    pause_s: float
    why: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """No run would make it right: to the dead letters with it."""

    key: str
    account: str
    reason: str


@dataclass(frozen=True, slots=True)
class SendAnew:
    """Send these bodies instead of the message, which is then deleted."""

    bodies: tuple[str, ...]
    why: str


Decision = Admit | Drop | PutBack | Refuse | SendAnew


@dataclass(frozen=True, slots=True)
class AdmissionPorts:
    """What admitting needs of the world."""

    uploads: Uploads
    accounts: AccountDirectory
    ledger: QueueLedger


@dataclass(frozen=True, slots=True)
class Gate:
    """Decides what is done with a queue's messages. Deciding twice, here or elsewhere, is harmless.

    Attributes:
        deadline_s: by tier, seconds from submission that a batch has which asks for none.
        jitter: gives numbers from 0 to 1; spreads what is put back together.
    """

    lane_class: LaneClass
    patience: QueuePatience
    allowed_buckets: frozenset[str]
    deadline_s: Mapping[Tier, float]
    ports: AdmissionPorts
    jitter: Callable[[], float] = random.random

    def decide(self, message: Message) -> Decision:
        """Decide about one delivery.

        Raises:
            TwolaneError: other than `BatchRejected`: something needed does not answer.
        """
        if message.receptions >= self.patience.renew_at_receptions:
            return SendAnew((message.body,), f"was received {message.receptions} times")
        try:
            requests = read_message(message.body)
        except PoisonMessage as exc:
            return self._refusal(message, content_key(message.body), "", exc)
        if not requests:
            return Drop("asks for nothing")
        if len(requests) > 1:
            return SendAnew(split_message(message.body), f"asks for {len(requests)} batches")
        return self._decide(message, requests[0])

    def _decide(self, message: Message, request: QueueRequest) -> Decision:
        try:
            for uri in (request.batch_uri, *request.joined_uris):
                check_bucket(uri, self.allowed_buckets)
            account = self.ports.accounts.get(request.account)
        except BatchRejected as exc:
            return self._refusal(message, request.key, request.account, exc)
        cap = self.patience.caps[account.tier]
        claim = self.ports.ledger.claim(
            request,
            lane_class=self.lane_class,
            message_id=message.message_id,
            cap=cap,
            lease_s=2 * self.patience.visibility_s,
        )
        match claim.state:
            case ClaimState.GRANTED | ClaimState.RUNNING:
                return self._start(message, request, account, claim)
            case ClaimState.COMMITTED:
                return Drop(f"asks for {request.batch_uri}, which has committed")
            case ClaimState.REFUSED:
                return Drop(REFUSED_BEFORE)
            case ClaimState.OVER_CAP:
                pause_s = self.patience.put_back_pause_s(message.receptions, self.jitter())
                why = f"account {request.account!r} runs {claim.running} batches of at most {cap}"
                return PutBack(request.account, pause_s, why)
            case _:
                assert_never(claim.state)

    def _start(
        self, message: Message, request: QueueRequest, account: Account, claim: Claim
    ) -> Decision:
        """The upload is looked at behind the claim: a batch that runs may have lost its upload."""
        is_again = claim.state is ClaimState.RUNNING
        try:
            asked = request.with_metadata(self.ports.uploads.describe(request.batch_uri).metadata)
            tier = account.effective_tier(asked.requested_tier)
        except BatchRejected as exc:
            if not is_again:
                return self._refusal(message, request.key, request.account, exc)
            asked, tier = request, account.tier
        if asked.deadline_minutes is None:  # the run is told: its priority is fixed as it is made
            asked = replace(asked, deadline_minutes=self.deadline_s[tier] / 60)
        conf = asked.conf(submitted_at=first_sent_at(message).isoformat())
        return Admit(request, RunRequest(claim.run_id, conf, is_again))

    def _refusal(self, message: Message, key: str, account: str, exc: BatchRejected) -> Decision:
        known = self.ports.ledger.entries([key]).get(key)
        if known and known.state == "refused" and known.message_id == message.message_id:
            return Drop(REFUSED_BEFORE)
        return Refuse(key, account, str(exc))


def first_sent_at(message: Message) -> datetime:
    """Return when the message was sent, before it was ever sent anew."""
    try:
        return datetime.fromisoformat(message.attributes[SENT_AT])
    except (KeyError, ValueError):
        return message.sent_at
