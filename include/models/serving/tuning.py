"""How wide the model runs on a processor, and the record of it beside the model."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from .batching import DEFAULT_BUDGET_TOKENS

TUNING_FILE = "calibration.json"


@dataclass(frozen=True)
class Tuning:
    """How wide to run.

    Attributes:
        workers: model calls at once.
        threads_per_worker: cores that share one call.
        budget_tokens: tokens of one batch.
    """

    workers: int
    threads_per_worker: int
    budget_tokens: int


def widths(cores: int) -> list[Tuning]:
    """Ways to share the cores out, the default first.

    A call a core needs no synchronization; wider calls share what they read of the weights, which
    can only show where many cores share a cache.
    """
    return [
        Tuning(cores // width, width, DEFAULT_BUDGET_TOKENS)
        for width in (1, 2, 4)
        if width <= cores and cores % width == 0
    ]


def budgets(tuning: Tuning) -> list[Tuning]:
    """The same width with other budgets.

    Larger batches use what they read of the weights oftener, and leave less of the cache to it.
    """
    return [
        replace(tuning, budget_tokens=budget)
        for budget in (tuning.budget_tokens * 2, tuning.budget_tokens // 2)
    ]


def read_tuning(folder: Path, key: str) -> Tuning | None:
    """What was measured before under `key`; None where nothing was, or not legibly."""
    found = _records(folder / TUNING_FILE).get(key)
    try:
        return Tuning(**{name: int(value) for name, value in found.items()}) if found else None
    except (TypeError, ValueError, AttributeError):
        return None  # written by another version: as good as not measured


def write_tuning(folder: Path, key: str, tuning: Tuning) -> bool:
    """Keep a measurement; returns whether the folder could be written to."""
    path = folder / TUNING_FILE
    text = json.dumps(_records(path) | {key: asdict(tuning)}, indent=2, sort_keys=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError:
        return False  # a model folder may be mounted read-only: measured again next time
    return True


def _records(path: Path) -> dict[str, dict[str, int]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
