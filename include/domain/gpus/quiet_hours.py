"""Nights and weekends: hours in which nothing is kept warm."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from zoneinfo import ZoneInfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SPAN = re.compile(
    r"(?P<first>[A-Z][a-z]{2})(?:-(?P<last>[A-Z][a-z]{2}))? "
    r"(?P<start>\d{2}:\d{2})-(?P<end>\d{2}:\d{2})"
)


@dataclass(frozen=True, slots=True)
class QuietSpan:
    """On these days from a time of day to another, which is the next day's where it is no later.

    Attributes:
        days: 0 for Monday to 6 for Sunday; of a night, the evening's.
        start: of local time; included.
        end: the same; not included. 24:00 is 0:00 of the next day.
    """

    days: frozenset[int]
    start: time
    end: time

    def holds(self, day: int, at: time) -> bool:
        """Whether a local moment lies in it."""
        if self.start < self.end:
            return day in self.days and self.start <= at < self.end
        yesterday = (day - 1) % 7
        return (day in self.days and at >= self.start) or (yesterday in self.days and at < self.end)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Spans of the week in a time zone; none of them for none."""

    spans: tuple[QuietSpan, ...]
    zone: tzinfo

    @classmethod
    def parse(cls, text: str, zone: str) -> QuietHours:
        """Return what a text such as `Mon-Fri 20:00-06:00, Sat-Sun 00:00-24:00` says.

        Raises:
            ValueError: it says nothing known, or there is no such time zone.
        """
        parts = [part.strip() for part in text.split(",") if part.strip()]
        try:
            return cls(tuple(_span(part) for part in parts), ZoneInfo(zone))
        except KeyError as exc:
            raise ValueError(f"no time zone or day {exc}") from exc

    def hold(self, at: datetime) -> bool:
        """Whether a moment is a quiet one.

        Args:
            at: timezone-aware.
        """
        local = at.astimezone(self.zone)
        return any(span.holds(local.weekday(), local.time()) for span in self.spans)


def _span(part: str) -> QuietSpan:
    match = _SPAN.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} is not like 'Mon-Fri 20:00-06:00'")
    first = _day(match["first"])
    last = _day(match["last"] or match["first"])
    days = frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))
    return QuietSpan(days, _time(match["start"]), _time(match["end"]))


def _day(name: str) -> int:
    if name not in _DAYS:
        raise ValueError(f"{name!r} is none of {', '.join(_DAYS)}")
    return _DAYS.index(name)


def _time(text: str) -> time:
    return time() if text == "24:00" else time.fromisoformat(text)
