"""Every setting of a deployment: environment variables with the prefix `TWOLANE_`."""

from __future__ import annotations

import os
from functools import cache

from pydantic_settings import SettingsConfigDict

from include.config.alerts import AlertSettings
from include.config.batches import BatchSettings
from include.config.cloud import CloudSettings
from include.config.deadlines import DeadlineSettings
from include.config.gpus import GpuSettings
from include.config.lanes import LaneSettings
from include.config.models import ModelSettings
from include.config.queues import QueueSettings

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
        ValueError: an unknown `TWOLANE_` variable, or a value out of its range.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(
        name
        for name in os.environ
        if name.startswith(PREFIX) and name not in known and not name.startswith("TWOLANE_PORT_")
    )
    if unknown:
        raise ValueError(f"unknown settings: {', '.join(unknown)}")
    return Settings()
