"""Send what was posted: each alert once on each of its channels, tried again where that fails.

An attempt is counted before it is made. A sender that dies between sending and noting it has the
alert sent once more after the pause: twice rather than never.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.domain.alerts import AlertKind
from include.domain.errors import AlertsUnavailable
from include.pipeline.alerts.notice import Notice
from include.pipeline.alerts.ports import AlertOutbox, Patience, PostedAlert


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to people.

    Attributes:
        kinds: what it is told.
        send: raises `AlertsUnavailable`; its message holds no secret.
    """

    name: str
    kinds: Collection[AlertKind]
    send: Callable[[Notice], None]


@dataclass(frozen=True, slots=True)
class ChannelReport:
    """What was sent on a channel, by title, and why it was left before the end."""

    channel: str
    sent: tuple[str, ...]
    failure: str = ""


def send_alerts(
    channels: Sequence[Channel],
    *,
    outbox: AlertOutbox,
    link: Callable[[PostedAlert], str],
    clock: Callable[[], datetime],
    patience: Patience,
) -> list[ChannelReport]:
    """Send what is due. A channel that fails is left until the next time; the others go on.

    Args:
        link: returns the URL to look at, empty for none.
        clock: returns the time, timezone-aware.

    Raises:
        StoreError: the book cannot be read.
    """
    reports = []
    for channel in channels:
        sent: list[str] = []
        failure = ""
        for posted in outbox.due(channel.name, channel.kinds, clock(), patience):
            if not outbox.claim(posted.number, channel.name, clock(), patience):
                continue
            try:
                channel.send(Notice.of(posted.alert, link(posted)))
            except AlertsUnavailable as exc:
                failure = str(exc)
                outbox.refused(posted.number, channel.name, failure)
                break
            outbox.delivered(posted.number, channel.name, clock())
            sent.append(posted.alert.title)
        reports.append(ChannelReport(channel.name, tuple(sent), failure))
    return reports
