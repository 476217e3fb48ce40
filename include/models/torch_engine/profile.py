"""What the device does at each batch size and length: data for curves, not a verdict."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from serving.settings import ContainerSettings

from .budget import CANDIDATES, CPU_BUDGET_TOKENS, rate_of
from .loading import load_models
from .runner import Runner
from .settings import TorchSettings

PROFILE_FILE = "output/profile.json"
LENGTHS = (16, 32, 64, 128, 256, 512)
_SMALL = (1024, 2048, CPU_BUDGET_TOKENS)


@dataclass(frozen=True)
class Point:
    """One length and batch size, in passes one after the other.

    Attributes:
        length: tokens of each document.
        documents: of one pass.
        documents_per_s: without tokenizing.
        tokens_per_s: without tokenizing.
        peak_memory_bytes: of the device, weights included; None on the CPU.
    """

    length: int
    documents: int
    documents_per_s: float
    tokens_per_s: float
    peak_memory_bytes: int | None


def measure(
    runner: Runner, device: torch.device, lengths: Iterable[int], budgets: Iterable[int]
) -> Iterator[Point]:
    """Measure every length at every budget, up to the first that does not fit the memory.

    Args:
        runner: to measure on, alone; its budget is as it was in the end.
        device: the runner's.
        lengths: tokens of a document, each.
        budgets: tokens of a pass, rising.
    """
    kept, budgets = runner.budget_tokens, list(budgets)
    for length in lengths:
        for budget in budgets:
            if device.type == "cuda":
                torch.cuda.reset_peak_memory_stats(device)
            try:
                rate = rate_of(runner, length, budget)
            except torch.OutOfMemoryError:
                break
            memory = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
            documents = max(budget // length, 1)
            yield Point(length, documents, round(rate / length, 1), round(rate, 1), memory)
    runner.budget_tokens = kept


def describe(settings: TorchSettings) -> dict[str, Any]:
    """The device, and what runs on it."""
    is_card = settings.device.type == "cuda"
    properties = torch.cuda.get_device_properties(settings.device) if is_card else None
    return {
        "device": properties.name if properties else "cpu",
        "memory_bytes": properties.total_memory if properties else None,
        "dtype": str(settings.dtype).removeprefix("torch."),
        "compiled": settings.is_compiled,
        "torch": torch.__version__,
        "threads": None if is_card else torch.get_num_threads(),
    }


def profile(env: Mapping[str, str]) -> int:
    """Measure the model in `model`, and write `output/profile.json`, both under `ML_ROOT`."""
    root = ContainerSettings.from_environment(env).ml_root
    settings = TorchSettings.from_environment(env)
    models = load_models([root / "model"], settings)
    artifact = models.artifacts[0]
    lengths = [length for length in LENGTHS if length <= artifact.max_tokens]
    budgets = (*_SMALL, *CANDIDATES) if settings.device.type == "cuda" else _SMALL
    points = [asdict(p) for p in measure(models.runner, settings.device, lengths, budgets)]
    content = {
        "model": artifact.reference,
        **describe(settings),
        "budget_tokens": models.runner.budget_tokens,
        "points": points,
    }
    target: Path = root / PROFILE_FILE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(json.dumps({"event": "profile", "points": len(points)}), flush=True)
    return 0
