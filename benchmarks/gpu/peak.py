"""The device's matrix-product peak, measured."""

from __future__ import annotations

import time

import torch

_ROUNDS = 10


def matrix_product_tflops(device: torch.device, dtype: torch.dtype) -> float:
    """10^12 operations a second of one large square product of random matrices."""
    size = 8192 if device.type == "cuda" else 1024
    left, right = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    for _ in range(3):
        left @ right
    synchronize(device)
    started = time.perf_counter()
    for _ in range(_ROUNDS):
        left @ right
    synchronize(device)
    return float(_ROUNDS * 2 * size**3 / (time.perf_counter() - started) / 1e12)


def synchronize(device: torch.device) -> None:
    """Wait until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
