"""What an evaluation is told: `evaluation.json` of the job's `config` input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .paired_bootstrap import Resampling

_KNOWN = {"models", "confidence", "resamples", "seed", "rounds", "round_s"}


class EvaluationConfigError(ValueError):
    """The file is not one, or names a model that is not there."""


@dataclass(frozen=True)
class EvaluationConfig:
    """What to evaluate.

    Attributes:
        with_cascade: by a model's key, whether its cascade is used where it has one.
        how: the bounds of differences.
        rounds: how often each model is timed, in turn with the others.
        round_s: about how long each time, seconds.
    """

    with_cascade: Mapping[str, bool]
    how: Resampling
    rounds: int = 3
    round_s: float = 2.0

    @classmethod
    def read(cls, path: Path) -> EvaluationConfig:
        """Read the file.

        Raises:
            EvaluationConfigError: it is missing, unknown in part, or of the wrong types.
        """
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            unknown = sorted(set(found) - _KNOWN)
            if unknown:
                raise ValueError(f"unknown: {', '.join(unknown)}")
            return cls._parsed(found)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise EvaluationConfigError(f"{path}: {error!r}") from error

    @classmethod
    def _parsed(cls, found: Mapping[str, Any]) -> EvaluationConfig:
        how = Resampling()
        config = cls(
            with_cascade={key: bool(one["cascade"]) for key, one in found["models"].items()},
            how=Resampling(
                confidence=float(found.get("confidence", how.confidence)),
                resamples=int(found.get("resamples", how.resamples)),
                seed=int(found.get("seed", how.seed)),
            ),
            rounds=int(found.get("rounds", cls.rounds)),
            round_s=float(found.get("round_s", cls.round_s)),
        )
        if not config.with_cascade or config.rounds < 1 or config.how.resamples < 1:
            raise ValueError("at least one model, round and resample")
        if not 0 < config.how.confidence < 1:
            raise ValueError("confidence is between 0 and 1")
        return config
