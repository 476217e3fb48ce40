"""Where alerts go."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

INCLUDE = Path(__file__).resolve().parents[1]


class AlertSettings(BaseSettings):
    """Settings of the alerts.

    Attributes:
        alerts_file: TOML of which alerts go where, and of the queues' limits.
        alerts_topic_arn: SNS topic that alerts are sent to; empty for none.
        alerts_email_to: addresses that alerts are sent to, comma-separated; empty for none.
        alert_quiet_s: an alert that was not seen again for so long is over; the next is sent.
    """

    alerts_file: Path = INCLUDE / "alerts.toml"
    alerts_topic_arn: str = ""
    alerts_email_to: str = ""
    alert_quiet_s: float = Field(default=6 * 3_600.0, gt=0)
