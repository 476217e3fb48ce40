"""Alerts to an SNS topic."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.sns import SnsHook


class SnsAlert(BaseNotifier):
    """Publishes one alert as JSON; subscribers may filter by the attribute `kind`.

    Args:
        notice: the fields of an `include.pipeline.alerts.notice.Notice`.
        topic_arn: where to.
        connection_id: connection of the Amazon provider; None for the process's own role.
    """

    def __init__(
        self,
        *,
        notice: Mapping[str, str],
        topic_arn: str,
        connection_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.notice = dict(notice)
        self.topic_arn = topic_arn
        self.connection_id = connection_id

    @cached_property
    def _hook(self) -> SnsHook:
        from airflow.providers.amazon.aws.hooks.sns import SnsHook

        from include.domain.errors import AlertsUnavailable

        match self.topic_arn.split(":"):
            case ["arn", _, "sns", str(region), _, _]:
                # The topic's own: that of the connection may be another.
                return SnsHook(aws_conn_id=self.connection_id, region_name=region)
        raise AlertsUnavailable(f"topic {self.topic_arn!r} is no ARN of an SNS topic")

    def notify(self, context: Any) -> None:
        """Send it.

        Raises:
            AlertsUnavailable: SNS cannot be reached, or refuses.
        """
        from include.adapters.aws.errors import AwsError

        try:
            self._hook.publish_to_target(**self._arguments())
        except AwsError as exc:
            raise self._unavailable(exc) from exc

    async def async_notify(self, context: Any) -> None:
        """Send it from the triggerer; see `notify`."""
        from include.adapters.aws.errors import AwsError

        try:
            await self._hook.apublish_to_target(**self._arguments())
        except AwsError as exc:
            raise self._unavailable(exc) from exc

    def _arguments(self) -> dict[str, Any]:
        from include.pipeline.alerts.notice import Notice, sns_message

        notice = Notice(**self.notice)
        subject, message = sns_message(notice)
        return {
            "target_arn": self.topic_arn,
            "subject": subject,
            "message": message,
            "message_attributes": {"kind": notice.kind},
        }

    def _unavailable(self, exc: Exception) -> Exception:
        from include.adapters.aws.errors import explain
        from include.domain.errors import AlertsUnavailable

        return AlertsUnavailable(f"topic {self.topic_arn}: {explain(exc)}")
