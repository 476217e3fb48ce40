"""The composition root of a model's life: released, promoted, compared, watched, rolled back.

Beside `include.bootstrap`, which does the same for batches. One method a use case.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache

from include.bootstrap import utc_now
from include.composition import Adapters
from include.config import LanesFile, Settings, load_lanes, load_settings


class ModelLife(Adapters):
    """Every use case of a model's life, wired to its adapters."""

    def __init__(
        self, settings: Settings, lanes: LanesFile, now: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__(settings)
        self.lanes = lanes
        self._now = now


@cache
def model_life() -> ModelLife:
    """Return the process's one composition, made from the environment."""
    settings = load_settings()
    return ModelLife(settings, load_lanes(settings.lanes_file))
