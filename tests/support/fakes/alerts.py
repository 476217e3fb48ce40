"""AlertBook in memory."""

from __future__ import annotations

from datetime import datetime, timedelta

from include.domain.alerts import Alert, AlertKind


class FakeAlertBook:
    """Alerts in `posted`, each once; `quiet` as in `PostgresAlertBook`."""

    def __init__(self, quiet: timedelta = timedelta(hours=6)) -> None:
        self.posted: list[Alert] = []
        self._quiet = quiet
        self._last: dict[tuple[AlertKind, str], datetime] = {}

    def post(self, alert: Alert) -> bool:
        key = (alert.kind, alert.subject)
        last = self._last.get(key)
        self._last[key] = max(filter(None, (last, alert.at)))
        if last is not None and last > alert.at - self._quiet:
            return False
        self.posted.append(alert)
        return True
