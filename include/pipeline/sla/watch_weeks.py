"""Watch the weeks: post an alert for one in which a tier got less than it is promised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta

from include.domain.accounts import Tier
from include.domain.alerts import Alert, AlertKind
from include.domain.sla.objectives import Objective, WeekOfTier
from include.pipeline.alerts.ports import AlertBook
from include.pipeline.sla.ports import SlaBook

WEEK = timedelta(days=7)


def watch_weeks(
    objective: Callable[[Tier], Objective], *, now: datetime, book: SlaBook, alerts: AlertBook
) -> list[WeekOfTier]:
    """Return the tiers that the last whole week was too short for, posted as one alert a week.

    Batches that are not due yet when the week is over count once they are: each look judges anew.

    Raises:
        StoreError: the database does not answer.
    """
    monday = this_monday(now)
    short = [
        each
        for each in book.attainment(monday - WEEK, now)
        if each.week < monday.date() and not each.keeps(objective(each.tier))
    ]
    if short:
        alerts.post(_alert(short, objective, monday))
    return short


def this_monday(now: datetime) -> datetime:
    """Return when the week that is under way began, UTC."""
    day = now.astimezone(UTC).date()
    return datetime.combine(day - timedelta(days=day.weekday()), time(), UTC)


def _alert(
    short: Sequence[WeekOfTier], objective: Callable[[Tier], Objective], ended_at: datetime
) -> Alert:
    week = (ended_at - WEEK).date()
    told = "; ".join(
        f"{each.tier.value}: {each.attainment:.2%} of {each.batches:,} batches in time, "
        f"{objective(each.tier).attainment:.2%} promised"
        for each in short
    )
    return Alert(
        kind=AlertKind.WEEK_SHORT,
        subject=week.isoformat(),
        title=f"Week from {week}: {', '.join(each.tier.value for each in short)} fell short",
        detail=told,
        next_step=(
            "python -m include.cli.attainment shows the weeks, the Costs page what ate the time of "
            "late batches."
        ),
        at=ended_at,
    )
