"""The health of lanes: who may use which lane, how tries end, and what is told about it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.domain.errors import AlertsUnavailable, StoreError
from include.domain.lane_health.breaker import admit, closed, observe, opened_by_hand, refusal
from include.domain.lane_health.breaker_state import (
    Breaker,
    BreakerPolicy,
    BreakerState,
    Change,
    Outcome,
    Verdict,
)
from include.domain.lane_health.lane_failures import verdict_of
from include.domain.lanes import Lane
from include.pipeline.lanes.health_ports import LaneAlerts, LaneHealthStore, Window

_LOG = logging.getLogger(__name__)
_DETAIL_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class LaneView:
    """How the lanes stand for one batch; a lane that is not named is healthy.

    Attributes:
        refused: lanes it is not given now, each with the reason.
        untried: lanes it may have as their probe, if no other batch is faster.
    """

    refused: Mapping[Lane, str]
    untried: frozenset[Lane]


class LaneWatch:
    """Breakers of all lanes, over what every process of the deployment has seen.

    Args:
        now: the clock.
    """

    def __init__(
        self,
        store: LaneHealthStore,
        alerts: LaneAlerts,
        policy: BreakerPolicy,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._alerts = alerts
        self._policy = policy
        self._now = now

    def breakers(self) -> Mapping[Lane, Breaker]:
        """Return the state of each lane that was ever used."""
        return self._store.breakers()

    def look(self, batch_id: str) -> LaneView:
        """Return how the lanes stand for one batch now."""
        now, breakers = self._now(), self.breakers()
        found = {lane: refusal(breaker, batch_id, now) for lane, breaker in breakers.items()}
        refused = {lane: why for lane, why in found.items() if why}
        untried = {
            lane
            for lane, breaker in breakers.items()
            if lane not in refused and breaker.state is not BreakerState.CLOSED
        }
        return LaneView(refused, frozenset(untried))

    def admit(self, lane: Lane, batch_id: str, *, lease_s: float) -> bool:
        """Give a batch to a lane; False when another batch became its probe meanwhile.

        Args:
            lease_s: time the batch is expected to need on the lane.
        """

        def decide(breaker: Breaker, _: object) -> Change:
            return admit(breaker, batch_id, self._now(), lease_s=lease_s, policy=self._policy)

        return self._change(lane, decide).is_admitted

    def succeeded(self, lane: Lane, batch_id: str, resource: str, *, started_at: datetime) -> None:
        """Take in that a lane did its work; telling it twice counts once."""
        outcome_id = f"{batch_id}/{lane.value}/{resource}"
        self._observe(lane, outcome_id, batch_id, Verdict.SUCCESS, started_at, "")

    def failed(self, lane: Lane, batch_id: str, error: Exception, *, started_at: datetime) -> None:
        """Take in that a try ended with an error, whosever fault it is."""
        outcome_id = f"{batch_id}/{lane.value}/{uuid.uuid4()}"
        detail = str(error)[:_DETAIL_CHARACTERS]
        self._observe(lane, outcome_id, batch_id, verdict_of(error), started_at, detail)

    def open(self, lane: Lane, reason: str) -> None:
        """Open a lane's breaker by hand."""
        self._change(lane, lambda b, _: opened_by_hand(b, reason, self._now(), policy=self._policy))

    def reset(self, lane: Lane, reason: str) -> None:
        """Close a lane's breaker by hand and forget what it has counted."""
        self._change(lane, lambda b, _: closed(b, reason, 0.0, self._now()))

    def publish(self) -> int:
        """Send the events of transitions that are not known to be sent; return how many were.

        An event that cannot be sent stays for the next time: the work that led to it goes on.
        """
        sent = 0
        for event in self._store.unpublished():
            try:
                self._alerts.publish(event)
            except AlertsUnavailable as exc:
                _LOG.warning("a transition of lane %s is not published yet: %s", event.lane, exc)
                break
            self._store.mark_published(event.event_id, at=self._now())
            sent += 1
        return sent

    @contextmanager
    def reporting(self, lane: Lane, batch_id: str) -> Iterator[None]:
        """Report an error that leaves the block, and let it go on."""
        started_at = self._now()
        try:
            yield
        except Exception as error:
            try:
                self.failed(lane, batch_id, error, started_at=started_at)
            except StoreError as exc:
                _LOG.warning("lane %s: the end of a try is not recorded: %s", lane.value, exc)
            raise

    def _observe(
        self,
        lane: Lane,
        outcome_id: str,
        batch_id: str,
        verdict: Verdict,
        started_at: datetime,
        detail: str,
    ) -> None:
        outcome = Outcome(outcome_id, batch_id, verdict, started_at, self._now(), detail)

        def decide(breaker: Breaker, window: Window) -> Change:
            if breaker.state is BreakerState.CLOSED and verdict is not Verdict.FAILURE:
                return Change(breaker)  # the usual case, and on a busy lane a long window
            return observe(breaker, outcome, window(), policy=self._policy)

        self._change(lane, decide, outcome)

    def _change(
        self, lane: Lane, decide: Callable[..., Change], outcome: Outcome | None = None
    ) -> Change:
        now = self._now() if outcome is None else outcome.at
        since = now - timedelta(seconds=self._policy.window_s)
        change = self._store.change(lane, decide, now=now, since=since, outcome=outcome)
        if change.transition is not None:
            _LOG.warning("lane %s is %s: %s", lane, change.breaker.state, change.breaker.reason)
            self.publish()
        return change
