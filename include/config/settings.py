"""Every setting of a deployment: environment variables with the prefix `TWOLANE_`."""

from __future__ import annotations

import os
from functools import cache

from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict, SettingsError

from include.config.alerts import AlertSettings
from include.config.batches import BatchSettings
from include.config.cloud import CloudSettings
from include.config.deadlines import DeadlineSettings
from include.config.gpus import GpuSettings
from include.config.lanes import LaneSettings
from include.config.models import ModelSettings
from include.config.queues import QueueSettings
from include.config.refusals import in_one_line
from include.domain.errors import SettingsRefused

PREFIX = "TWOLANE_"


class Settings(
    AlertSettings,
    DeadlineSettings,
    GpuSettings,
    ModelSettings,
    QueueSettings,
    LaneSettings,
    BatchSettings,
    CloudSettings,
):
    """Everything a deployment may set. An unknown `TWOLANE_` variable is refused."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")


@cache
def load_settings() -> Settings:
    """Read the environment once.

    Raises:
        SettingsRefused: an unknown `TWOLANE_` variable, one that is missing, or a value that is out
            of its range; the message names each.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(
        name
        for name in os.environ
        if name.startswith(PREFIX) and name not in known and not name.startswith("TWOLANE_PORT_")
    )
    if unknown:
        raise SettingsRefused(f"unknown settings: {', '.join(unknown)}")
    try:
        return Settings()
    except ValidationError as exc:
        reason = in_one_line(exc, lambda where: PREFIX + where.upper())
        raise SettingsRefused(f"settings: {reason}") from exc
    except SettingsError as exc:
        raise SettingsRefused(f"settings: {exc}") from exc
