"""The composition root of alerts: what is watched for them, and how they are sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from include.config import Settings, load_settings
from include.wiring.composition import Adapters, utc_now

if TYPE_CHECKING:
    from include.domain.alerts import Alert
    from include.domain.model_ref import ModelRef
    from include.files.alert_rules import AlertRules, ChannelName
    from include.pipeline.alerts.notice import Notice
    from include.pipeline.alerts.ports import AlertEvents, AlertOutbox, PostedAlert
    from include.pipeline.alerts.send_alerts import ChannelReport
    from include.pipeline.drift.ports import Unread
    from include.pipeline.release.release_report import Findings


class Alerting(Adapters):
    """Use cases of alerts, wired to their adapters."""

    def __init__(self, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(settings)
        self._now = now

    def watch_events(self) -> list[Alert]:
        """See `include.pipeline.alerts.watch_events`."""
        from include.adapters.postgres.models.drift_book import PostgresDriftBook
        from include.pipeline.alerts.watch_events import EventPorts, watch_events

        alarms = PostgresDriftBook(self.database).alarms
        return watch_events(EventPorts(self.alert_events, alarms, self.alert_book), self._now())

    def watch_queues(self) -> list[Alert]:
        """See `include.pipeline.alerts.watch_queues`."""
        from include.pipeline.alerts.watch_queues import WatchedQueue, watch_queues

        queues = {
            lane_class: WatchedQueue(self.settings.queue_name(lane_class), limits)
            for lane_class, limits in self.alert_rules.queues.items()
        }
        return watch_queues(queues, gauges=self.queue_gauges, book=self.alert_book, now=self._now())

    def announce_release(self, findings: Findings, run_id: str) -> bool:
        """See `include.pipeline.release.announce_release`."""
        from include.pipeline.release.announce_release import announce_release

        return announce_release(findings, run_id, now=self._now(), alerts=self.alert_book)

    def announce_unanswered(self, model: ModelRef, run_id: str) -> bool:
        """See `include.pipeline.release.announce_release.announce_unanswered`."""
        from include.pipeline.release.announce_release import announce_unanswered

        return announce_unanswered(model, run_id, now=self._now(), alerts=self.alert_book)

    def announce_failed_release(self, model_name: str, run_id: str, reason: str) -> bool:
        """See `include.pipeline.release.announce_release.announce_failure`."""
        from include.pipeline.release.announce_release import announce_failure

        now, book = self._now(), self.alert_book
        return announce_failure(model_name, run_id, reason, now=now, alerts=book)

    def report_failed_run(self, dag_id: str, run_id: str, reason: str) -> bool:
        """See `include.pipeline.alerts.report_failed_run`."""
        from include.pipeline.alerts.report_failed_run import report_failed_run

        return report_failed_run(dag_id, run_id, reason, now=self._now(), alerts=self.alert_book)

    def announce_unsettled(self, model_name: str, reason: str) -> bool:
        """See `include.pipeline.promotion.announce_unsettled`."""
        from include.pipeline.promotion.announce_unsettled import announce_unsettled

        return announce_unsettled(model_name, reason, now=self._now(), alerts=self.alert_book)

    def announce_unread(self, unread: Sequence[Unread], night: date) -> list[Alert]:
        """See `include.pipeline.drift.announce_unread`."""
        from include.pipeline.drift.announce_unread import announce_unread

        return announce_unread(unread, night, now=self._now(), alerts=self.alert_book)

    def send_alerts(
        self,
        channels: Mapping[ChannelName, Callable[[Notice], None]],
        link: Callable[[PostedAlert], str],
    ) -> list[ChannelReport]:
        """See `include.pipeline.alerts.send_alerts`.

        Args:
            channels: those that are connected; each is told what the alerts file says.
        """
        from include.pipeline.alerts.ports import Patience
        from include.pipeline.alerts.send_alerts import Channel, send_alerts

        told: Sequence[Channel] = [
            Channel(name, kinds, channels[name])
            for name, kinds in self.alert_rules.kinds.items()
            if name in channels
        ]
        return send_alerts(
            told, outbox=self.alert_outbox, link=link, clock=self._now, patience=Patience()
        )

    @cached_property
    def alert_rules(self) -> AlertRules:
        """The alerts file."""
        from include.files.alert_rules import load_alert_rules

        return load_alert_rules(self.settings.alerts_file)

    @cached_property
    def alert_outbox(self) -> AlertOutbox:
        """What was sent, in Aurora."""
        from include.adapters.postgres.alerts.alert_outbox import PostgresAlertOutbox

        return PostgresAlertOutbox(self.database)

    @cached_property
    def alert_events(self) -> AlertEvents:
        """What queues, breakers, budgets and promotions have noted, in Aurora."""
        from include.adapters.postgres.alerts.alert_events import PostgresAlertEvents

        return PostgresAlertEvents(self.database)


@cache
def alerting() -> Alerting:
    """Return the process's one composition, made from the environment."""
    return Alerting(load_settings())
