"""The container's settings, all from the environment, all with the contract's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .batching import DEFAULT_BUDGET_TOKENS
from .cpu import Cpu
from .precision import Precision

MEBIBYTE = 1024 * 1024
_WIDTH = ("MODEL_WORKERS", "MODEL_BUDGET_TOKENS")


class SettingsError(ValueError):
    """A variable of the environment is out of range."""


@dataclass(frozen=True)
class ContainerSettings:
    """Where things are and how wide to work.

    Attributes:
        ml_root: SageMaker's `/opt/ml`; `ML_ROOT` moves it where several jobs share a machine.
        host: address to listen on (`SAGEMAKER_BIND_TO_HOST`).
        port: port to listen on (`SAGEMAKER_BIND_TO_PORT`).
        workers: model calls at once (`MODEL_WORKERS`, default the cores the container was given).
        budget_tokens: tokens of one batch (`MODEL_BUDGET_TOKENS`).
        window_documents: documents sorted by length together (`MODEL_WINDOW_DOCUMENTS`).
        max_payload_bytes: larger requests get 413 (`SAGEMAKER_MAX_PAYLOAD_IN_MB`).
        max_concurrent_transforms: requests that a transform job should keep in flight.
        termination_grace_s: seconds from SIGTERM in which a shard of a training job may still be
            finished (`TERMINATION_GRACE_S`); of AWS's 120, the rest is for uploading it.
        threads_per_worker: cores that share one call; more than one only where calibration found
            it faster.
        is_width_given: whether workers or the budget were told and are not to be calibrated.
        precision: arithmetic of the model (`MODEL_PRECISION`), None to have it chosen.
        calibration_s: seconds that a large job may spend on finding out how wide to run
            (`MODEL_CALIBRATION_S`); a server spends none.
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
    threads_per_worker: int = 1
    is_width_given: bool = False
    precision: Precision | None = None
    calibration_s: int = 1

    @property
    def scratch(self) -> Path:
        """Where outputs are written until they are whole."""
        return self.ml_root / "scratch"

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> ContainerSettings:
        """Read the settings.

        Raises:
            SettingsError: a number is not one, or is too small; an unknown precision.
        """
        return cls(
            ml_root=Path(env.get("ML_ROOT", "/opt/ml")),
            host=env.get("SAGEMAKER_BIND_TO_HOST", "0.0.0.0"),  # noqa: S104
            port=_number(env, "SAGEMAKER_BIND_TO_PORT", 8080),
            workers=_number(env, "MODEL_WORKERS", Cpu.given().cores),
            budget_tokens=_number(env, "MODEL_BUDGET_TOKENS", DEFAULT_BUDGET_TOKENS),
            window_documents=_number(env, "MODEL_WINDOW_DOCUMENTS", 2048),
            max_payload_bytes=_number(env, "SAGEMAKER_MAX_PAYLOAD_IN_MB", 6) * MEBIBYTE,
            max_concurrent_transforms=_number(env, "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS", 2),
            termination_grace_s=_number(env, "TERMINATION_GRACE_S", 90),
            is_width_given=any(env.get(name, "").strip() for name in _WIDTH),
            precision=_precision(env.get("MODEL_PRECISION", "").strip()),
            calibration_s=_number(env, "MODEL_CALIBRATION_S", 1, at_least=0),
        )


def _number(env: Mapping[str, str], name: str, default: int, at_least: int = 1) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        value = int(text)
    except ValueError as error:
        raise SettingsError(f"{name} must be a whole number, not {text!r}") from error
    if value < at_least:
        raise SettingsError(f"{name} must be at least {at_least}, not {value}")
    return value


def _precision(text: str) -> Precision | None:
    if not text:
        return None
    try:
        return Precision(text)
    except ValueError as error:
        known = ", ".join(Precision)
        raise SettingsError(f"MODEL_PRECISION must be one of {known}, not {text!r}") from error
