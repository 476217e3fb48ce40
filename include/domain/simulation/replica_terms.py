"""When instances come and go, and what is told of a job they have done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReplicaTerms:
    """When instances come and go.

    Attributes:
        cold_start_s: from asking for an instance to its first document.
        start_billed: whether that is billed.
        idle_s: an instance without work is kept so long.
        patience_s: another instance is started when the work that waits would take each of those
            there are longer than this; 0 starts one for each job that waits.
        max_replicas: instances at the most.
        kept: instances kept at a moment, work or not.
        next_change: the next moment at which `kept` may change; None where it never does.
    """

    cold_start_s: float
    start_billed: bool
    idle_s: float
    patience_s: float
    max_replicas: int
    kept: Callable[[float], int] = lambda at_s: 0
    next_change: Callable[[float], float | None] = lambda at_s: None


@dataclass(frozen=True, slots=True)
class Served:
    """A job that is done; `is_first` if the instance was started and had no job before."""

    job: int
    done_s: float
    is_first: bool
