"""What the torch image may be told beyond `serving.settings`, all from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch
from serving.settings import SettingsError

from .attention import AMPERE

T = TypeVar("T")

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


@dataclass(frozen=True)
class TorchSettings:
    """Where and how the encoder runs.

    Attributes:
        device: the first NVIDIA card, or the CPU where there is none (`MODEL_DEVICE`: `cuda` or
            `cpu`).
        dtype: of the encoder: bf16 on a card, fp16 on one older than Ampere, fp32 on the CPU
            (`MODEL_DTYPE`: `bf16`, `fp16` or `fp32`).
        budget_tokens: tokens of one pass (`MODEL_BUDGET_TOKENS`); None has it measured at start.
        tokenizers: processes that read, tokenize and write (`MODEL_TOKENIZERS`; on a card all
            cores but the one that drives it, on the CPU one).
        is_compiled: whether blocks go through `torch.compile` (`MODEL_COMPILE`, 0 or 1).
    """

    device: torch.device
    dtype: torch.dtype
    budget_tokens: int | None
    tokenizers: int
    is_compiled: bool

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> TorchSettings:
        """Read the settings.

        Raises:
            SettingsError: a value is not one of those above.
        """
        default = "cuda" if torch.cuda.is_available() else "cpu"
        device = _choice(env, "MODEL_DEVICE", {"cuda": "cuda", "cpu": "cpu"}, default)
        is_card = device == "cuda"
        budget = _number(env, "MODEL_BUDGET_TOKENS", 0)
        cores = len(os.sched_getaffinity(0))
        return cls(
            device=torch.device(device),
            dtype=_choice(env, "MODEL_DTYPE", _TYPES, _native_type() if is_card else "fp32"),
            budget_tokens=budget or None,
            tokenizers=_number(env, "MODEL_TOKENIZERS", max(cores - 1, 1) if is_card else 1),
            is_compiled=_choice(env, "MODEL_COMPILE", {"0": False, "1": True}, "0"),
        )


def _native_type() -> str:
    """What the first card computes in 16 bits with."""
    return "bf16" if torch.cuda.get_device_capability() >= AMPERE else "fp16"


def _choice(env: Mapping[str, str], name: str, values: Mapping[str, T], default: str) -> T:
    text = env.get(name, "").strip() or default
    if text not in values:
        raise SettingsError(f"{name} must be one of {', '.join(values)}, not {text!r}")
    return values[text]


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{name} must be a whole number of at least 1, not {text!r}")
    return int(text)
