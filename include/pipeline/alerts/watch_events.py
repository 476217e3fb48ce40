"""Alerts of what the product has noted: dead letters, open breakers, budgets, champions, drift."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from include.domain.alerts import Alert, AlertKind
from include.domain.money.budgets import ALL_ACCOUNTS
from include.domain.promotion.promotion import Promotion, PromotionKind
from include.pipeline.alerts.ports import AlertBook, AlertEvents, BudgetEvents, DeadLetters
from include.pipeline.drift.ports import Alarm
from include.pipeline.lanes.health_ports import LaneEvent

LOOK_BACK = timedelta(days=1)
"""What happened before is no news; watches that were stopped for less miss nothing."""


@dataclass(frozen=True, slots=True)
class EventPorts:
    """What is watched; `drift_alarms` as in `DriftBook.alarms`."""

    events: AlertEvents
    drift_alarms: Callable[[date, date], Sequence[Alarm]]
    book: AlertBook


def watch_events(ports: EventPorts, now: datetime) -> list[Alert]:
    """Post what has happened; return what is new.

    Raises:
        StoreError: the stores cannot be reached.
    """
    now = now.astimezone(UTC)
    since = now - LOOK_BACK
    alerts = [
        *map(_dead_letters, ports.events.dead_letters(since)),
        *map(_opening, ports.events.openings(since)),
        *map(_budget, ports.events.budget_events(since)),
        *map(_champion_return, ports.events.champion_returns(since)),
        *_drift(ports.drift_alarms(since.date(), now.date())),
    ]
    return [alert for alert in alerts if ports.book.post(alert)]


def _dead_letters(found: DeadLetters) -> Alert:
    who = found.account or "nobody known"
    queue = found.lane_class.value
    return Alert(
        AlertKind.DEAD_LETTERS,
        subject=f"{queue} {who} {found.day}",
        title=f"Dead letters in the {queue} queue from {who}",
        detail=f"{found.count} on {found.day}; the last one: {found.reason}",
        next_step=(
            f"python -m include.cli.redrive {queue} lists them with their reasons; mend what was "
            "wrong, then --send puts them back to work."
        ),
        at=found.last_at,
        batch_id=found.batch_id,
    )


def _opening(event: LaneEvent) -> Alert:
    lane, opened = event.lane.value, event.transition
    return Alert(
        AlertKind.BREAKER_OPENED,
        subject=f"{lane} {event.event_id}",
        title=f"Lane {lane} is left: its circuit breaker opened",
        detail=f"{opened.reason} (failure rate {opened.failure_rate:.0%})",
        next_step=(
            "New batches take the other lanes, and one will try it again by itself. "
            "python -m include.cli.lane_health shows the breakers; lane_outcomes has the errors."
        ),
        at=opened.at,
    )


def _budget(found: BudgetEvents) -> Alert:
    whose = "all accounts" if found.account == ALL_ACCOUNTS else found.account
    return Alert(
        AlertKind.BUDGET,
        subject=f"{found.account} {found.day} {found.standing}",
        title=f"Budget of {whose}: batches {found.standing}",
        detail=f"{found.batches} on {found.day}; the last one: {found.reason}",
        next_step=(
            f"python -m include.cli.ledger --by account shows what was spent, "
            f"python -m include.cli.budget --help how to change the budget of {whose}."
        ),
        at=found.last_at,
        batch_id=found.batch_id,
    )


def _champion_return(found: Promotion) -> Alert:
    name, left = found.model_name, found.from_version or "none"
    if found.kind is PromotionKind.REVERTED:
        title = f"{name}: a champion moved by hand was put back, {left} → {found.to_version}"
        next_step = (
            f"Run release_model on {name} and approve it: what has passed its gates beside the "
            "present champion may take its place."
        )
    else:
        title = f"{name}: the champion was rolled back on an alarm, {left} → {found.to_version}"
        next_step = (
            f"The alarms of version {left} and its endpoint's log say what went wrong. Version "
            f"{found.to_version} answers meanwhile; release {name} anew once it is mended."
        )
    at = found.at.astimezone(UTC)
    return Alert(
        AlertKind.CHAMPION_RETURNED,
        subject=f"{name} {at.isoformat(timespec='seconds')}",
        title=title,
        detail=found.reason,
        next_step=next_step,
        at=at,
    )


def _drift(alarms: Sequence[Alarm]) -> Iterator[Alert]:
    for _, group in groupby(sorted(alarms, key=_stream), key=_stream):
        moved = list(group)
        first = moved[0]
        yield Alert(
            AlertKind.DRIFT,
            subject=f"{first.model_name} {first.account} {first.night}",
            title=f"Drift: what {first.account} sends to {first.model_name} has moved far",
            detail=", ".join(f"{each.feature} {each.effect:.2f}" for each in moved),
            next_step=(
                f"Read drift/{first.night}/index.html in the work bucket; label some of its "
                "documents, and release the model anew if its accuracy suffers."
            ),
            at=datetime.combine(first.night, time(), UTC),
        )


def _stream(alarm: Alarm) -> tuple[date, str, str]:
    return alarm.night, alarm.model_name, alarm.account
