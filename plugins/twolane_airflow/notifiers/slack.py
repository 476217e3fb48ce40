"""Alerts to a channel in Slack, by an incoming webhook.

By the standard library: the webhook's URL is itself the secret, and neither Airflow's HTTP hook
nor its client keeps it out of the messages of their errors.
"""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

from airflow.sdk import BaseHook, BaseNotifier

CONNECTION_ID = "twolane_slack"
"""Its password is the webhook's URL."""

TIMEOUT_S = 10.0
_ANSWER_CHARACTERS = 200


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A webhook does not move; what was redirected was not delivered."""

    def redirect_request(self, *_: Any) -> None:
        return None


class SlackAlert(BaseNotifier):
    """Posts one alert.

    Args:
        notice: the fields of an `include.pipeline.alerts.notice.Notice`.
        connection_id: connection whose password is the webhook's URL.
    """

    def __init__(
        self, *, notice: Mapping[str, str], connection_id: str = CONNECTION_ID, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.notice = dict(notice)
        self.connection_id = connection_id

    def notify(self, context: Any) -> None:
        """Send it.

        Raises:
            AlertsUnavailable: Slack cannot be reached, or refuses.
        """
        self._post(BaseHook.get_connection(self.connection_id).password)

    async def async_notify(self, context: Any) -> None:
        """Send it from the triggerer; see `notify`."""
        connection = await BaseHook.aget_connection(self.connection_id)
        await asyncio.to_thread(self._post, connection.password)

    def _post(self, url: str | None) -> None:
        from include.domain.errors import AlertsUnavailable
        from include.pipeline.alerts.notice import Notice, slack_message

        if not url or not url.startswith(("https://", "http://")):
            raise AlertsUnavailable(
                f"connection {self.connection_id}: its password is no webhook's URL"
            )
        request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            url,
            data=json.dumps(slack_message(Notice(**self.notice))).encode(),
            headers={"Content-Type": "application/json; charset=utf-8"},
        )
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT_S):
                return
        except urllib.error.HTTPError as exc:
            answer = exc.read(_ANSWER_CHARACTERS).decode(errors="replace")
            raise AlertsUnavailable(f"Slack: HTTP {exc.code}: {answer}") from None
        except (OSError, ValueError, HTTPException) as exc:
            reason = getattr(exc, "reason", None) or type(exc).__name__
            raise AlertsUnavailable(f"Slack cannot be reached: {reason}") from None
