"""The container's settings, all from the environment, all with the contract's defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 1024 * 1024


class SettingsError(ValueError):
    """A variable of the environment is out of range."""


@dataclass(frozen=True)
class ContainerSettings:
    """Where things are and how wide to work.

    Attributes:
        ml_root: SageMaker's `/opt/ml`; `ML_ROOT` moves it where several jobs share a machine.
        host: address to listen on (`SAGEMAKER_BIND_TO_HOST`).
        port: port to listen on (`SAGEMAKER_BIND_TO_PORT`).
        workers: model calls at once, one core each (`MODEL_WORKERS`, default the cores).
        budget_tokens: tokens of one batch (`MODEL_BUDGET_TOKENS`).
        window_documents: documents sorted by length together (`MODEL_WINDOW_DOCUMENTS`).
        max_payload_bytes: larger requests get 413 (`SAGEMAKER_MAX_PAYLOAD_IN_MB`).
        max_concurrent_transforms: requests that a transform job should keep in flight.
        termination_grace_s: seconds from SIGTERM in which a shard of a training job may still be
            finished (`TERMINATION_GRACE_S`); of AWS's 120, the rest is for uploading it.
    """

    ml_root: Path
    host: str
    port: int
    workers: int
    budget_tokens: int
    window_documents: int
    max_payload_bytes: int
    max_concurrent_transforms: int
    termination_grace_s: int = 90

    @property
    def scratch(self) -> Path:
        """Where outputs are written until they are whole."""
        return self.ml_root / "scratch"

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> ContainerSettings:
        """Read the settings.

        Raises:
            SettingsError: a number is not one, or is under 1.
        """
        cores = len(os.sched_getaffinity(0))
        return cls(
            ml_root=Path(env.get("ML_ROOT", "/opt/ml")),
            host=env.get("SAGEMAKER_BIND_TO_HOST", "0.0.0.0"),  # noqa: S104
            port=_number(env, "SAGEMAKER_BIND_TO_PORT", 8080),
            workers=_number(env, "MODEL_WORKERS", cores),
            budget_tokens=_number(env, "MODEL_BUDGET_TOKENS", 1024),
            window_documents=_number(env, "MODEL_WINDOW_DOCUMENTS", 2048),
            max_payload_bytes=_number(env, "SAGEMAKER_MAX_PAYLOAD_IN_MB", 6) * MEBIBYTE,
            max_concurrent_transforms=_number(env, "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS", 2),
            termination_grace_s=_number(env, "TERMINATION_GRACE_S", 90),
        )


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        value = int(text)
    except ValueError as error:
        raise SettingsError(f"{name} must be a whole number, not {text!r}") from error
    if value < 1:
        raise SettingsError(f"{name} must be at least 1, not {value}")
    return value
