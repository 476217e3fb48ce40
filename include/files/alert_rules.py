"""Reads the alerts file, `include/alerts.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.domain.alerts import AlertKind
from include.domain.errors import AlertsUnavailable
from include.domain.queues.lane_class import LaneClass
from include.pipeline.alerts.watch_queues import QueueLimits

ChannelName = Literal["slack", "sns", "email"]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Channel(_Table):
    kinds: frozenset[AlertKind] | tuple[Literal["*"]]


class _Queue(_Table):
    max_waiting: int = Field(ge=0)
    max_age_s: float = Field(gt=0)


class _File(_Table):
    channels: dict[ChannelName, _Channel]
    queues: dict[LaneClass, _Queue]


@dataclass(frozen=True, slots=True)
class AlertRules:
    """The alerts file.

    Attributes:
        kinds: by channel, what it is told.
        queues: by class; one that is left out is not watched.
    """

    kinds: Mapping[ChannelName, frozenset[AlertKind]]
    queues: Mapping[LaneClass, QueueLimits]


def load_alert_rules(path: Path) -> AlertRules:
    """Read an alerts file.

    Raises:
        AlertsUnavailable: it is not to be read, has an unknown name, or a limit that is none.
    """
    try:
        with path.open("rb") as file:
            read = _File.model_validate(tomllib.load(file))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as exc:
        raise AlertsUnavailable(f"alerts file {path}: {exc}") from exc
    return AlertRules(
        kinds={
            name: channel.kinds if isinstance(channel.kinds, frozenset) else frozenset(AlertKind)
            for name, channel in read.channels.items()
        },
        queues={
            name: QueueLimits(queue.max_waiting, queue.max_age_s)
            for name, queue in read.queues.items()
        },
    )
