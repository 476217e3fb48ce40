"""What a trained artifact says of itself, read from its folder."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from include.domain.errors import ReleaseFailed


def read_part(path: Path, artifact_uri: str) -> dict[str, Any]:
    """Return one of the artifact's JSON files.

    Raises:
        ReleaseFailed: it is missing or no object; the message names the artifact.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise ReleaseFailed(f"{artifact_uri} holds no usable {path.name}: {exc}") from exc
    if not isinstance(value, dict):
        raise ReleaseFailed(f"{artifact_uri}: {path.name} is not an object")
    return value


def numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return a metrics file's numbers, those of each class by `figure/class`."""
    flat = {k: float(v) for k, v in metrics.items() if isinstance(v, int | float)}
    for label, figures in metrics.get("per_class", {}).items():
        for name, value in figures.items():
            flat[f"{name}/{label}"] = float(value)
    return flat


def finite_numbers(metrics: Mapping[str, Any], artifact_uri: str) -> dict[str, float]:
    """Return the same of a model that works.

    Raises:
        ReleaseFailed: one of them is NaN or infinite, as where weights are; the message names it.
    """
    found = numbers(metrics)
    if broken := [name for name, value in found.items() if not math.isfinite(value)]:
        raise ReleaseFailed(
            f"{artifact_uri}: {', '.join(broken)} is no number: look at the model's weights"
        )
    return found
