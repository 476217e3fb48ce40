"""Alerts by email, through the SMTP provider's hook."""

from __future__ import annotations

import smtplib
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import BaseNotifier
from airflow.sdk.exceptions import AirflowException

CONNECTION_ID = "twolane_smtp"
"""A connection of the type SMTP; its extra `from_email` is the sender."""


class EmailAlert(BaseNotifier):
    """Sends one alert.

    Args:
        notice: the fields of an `include.pipeline.alerts.notice.Notice`.
        to: addresses.
        connection_id: connection of the SMTP provider.
    """

    def __init__(
        self,
        *,
        notice: Mapping[str, str],
        to: Sequence[str],
        connection_id: str = CONNECTION_ID,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.notice = dict(notice)
        self.to = list(to)
        self.connection_id = connection_id

    def notify(self, context: Any) -> None:
        """Send it.

        Raises:
            AlertsUnavailable: the server cannot be reached, or refuses.
        """
        from airflow.providers.smtp.hooks.smtp import SmtpHook

        try:
            with SmtpHook(smtp_conn_id=self.connection_id) as hook:
                hook.send_email_smtp(**self._arguments())
        except (AirflowException, smtplib.SMTPException, OSError) as exc:
            raise self._unavailable(exc) from None

    async def async_notify(self, context: Any) -> None:
        """Send it from the triggerer; see `notify`."""
        import aiosmtplib
        from airflow.providers.smtp.hooks.smtp import SmtpHook

        try:
            async with SmtpHook(smtp_conn_id=self.connection_id) as hook:
                await hook.asend_email_smtp(**self._arguments())
        except (AirflowException, aiosmtplib.SMTPException, OSError) as exc:
            raise self._unavailable(exc) from None

    def _arguments(self) -> dict[str, Any]:
        from include.pipeline.alerts.notice import Notice, email_message

        subject, body = email_message(Notice(**self.notice))
        return {"to": self.to, "subject": subject, "html_content": body}

    def _unavailable(self, exc: Exception) -> Exception:
        from include.domain.errors import AlertsUnavailable

        return AlertsUnavailable(f"email through {self.connection_id}: {type(exc).__name__}: {exc}")
