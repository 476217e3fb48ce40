"""The matrix-product peak of the cores, in int8, bf16 and fp32, by the runtime's own kernels.

A chain of square products on OpenVINO (oneDNN), the quantization of each int8 product's input
fused into the one before it. The chain's size and the split into streams that do best are kept.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from benchmarks.engine.case import CaseFiles

ROWS = (256, 1024)
WIDTHS = (768, 1024, 1536)
DEPTH = 6
TRIED_S, TIMED_S = 0.4, 1.5
PRECISIONS = {"int8": "f32", "bf16": "bf16", "fp32": "f32"}
"""Each precision's `INFERENCE_PRECISION_HINT`."""


class Chain:
    """`DEPTH` products of [rows, width] by [width, width], compiled for all cores."""

    def __init__(self, precision: str, rows: int, width: int, streams: int) -> None:
        cores = len(os.sched_getaffinity(0))
        config = {
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": cores,
            "INFERENCE_PRECISION_HINT": PRECISIONS[precision],
        }
        graph = _graph(precision == "int8", rows, width)
        self.compiled = ov.Core().compile_model(graph, "CPU", config)
        self._flop = 2 * rows * width * width * DEPTH
        self._queue = ov.AsyncInferQueue(self.compiled, streams)
        given = np.random.default_rng(0).standard_normal((rows, width), dtype=np.float32)
        for request in self._queue:
            request.set_input_tensor(ov.Tensor(given.copy()))
        self.described = {"rows": rows, "width": width, "streams": streams}

    def gflop_per_s(self, seconds: float) -> float:
        """Run for about so long and return 10^9 operations a second."""
        self._queue.start_async()
        self._queue.wait_all()
        done, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            self._queue.start_async()
            done += 1
        self._queue.wait_all()
        return done * self._flop / (time.perf_counter() - started) / 1e9


class Peak:
    """The best chain of each precision."""

    def __init__(self) -> None:
        self._best: dict[str, Chain] = {}

    def tune(self) -> dict[str, Any]:
        """See `Contender.tune`."""
        for precision in PRECISIONS:
            rates = {chain: chain.gflop_per_s(TRIED_S) for chain in _chains(precision)}
            self._best[precision] = max(rates, key=lambda chain: rates[chain])
        return {"chains": {name: chain.described for name, chain in self._best.items()}}

    def outputs(self, target: Path) -> dict[str, Any]:
        """Which type each product really ran in; nothing is written to `target`."""
        kernels = {name: _product_types(chain.compiled) for name, chain in self._best.items()}
        return {"kernels": kernels}

    def measure(self) -> dict[str, Any]:
        """See `Contender.measure`: 10^9 operations a second by precision."""
        return {name: chain.gflop_per_s(TIMED_S) for name, chain in self._best.items()}

    def close(self) -> None:
        """See `Contender.close`; there is nothing to stop."""


def _chains(precision: str) -> list[Chain]:
    cores = len(os.sched_getaffinity(0))
    return [
        Chain(precision, rows, width, streams)
        for rows in ROWS
        for width in WIDTHS
        for streams in sorted({1, cores})
    ]


def _graph(is_int8: bool, rows: int, width: int) -> ov.Model:
    random = np.random.default_rng(1)
    given = ops.parameter([rows, width], np.float32, name="given")
    state = given
    for _ in range(DEPTH):
        values = random.standard_normal((width, width), dtype=np.float32) / np.sqrt(width)
        weight = ops.constant(values.astype(np.float32))
        if is_int8:
            state = _quantized(state, -4.0, 4.0, 256)
            weight = _quantized(weight, -0.1, 0.1, 255)
        state = ops.matmul(state, weight, transpose_a=False, transpose_b=True)
    return ov.Model([state], [given], "chain")


def _quantized(node: Any, low: float, high: float, levels: int) -> Any:
    bounds = [ops.constant(np.array([[bound]], dtype=np.float32)) for bound in (low, high)]
    return ops.fake_quantize(node, *bounds, *bounds, levels)


def _product_types(compiled: Any) -> Sequence[str]:
    """The runtime's name of each product's kernel, such as `brgemm_avx512_core_vnni_i8`."""
    kinds = {"FullyConnected", "MatMul"}
    found = set()
    for node in compiled.get_runtime_model().get_ordered_ops():
        information = node.get_rt_info()
        if str(information["layerType"].astype(str)) in kinds:
            found.add(str(information["primitiveType"].astype(str)))
    return sorted(found)


def build(files: CaseFiles) -> Peak:
    """Needs nothing of the case."""
    return Peak()
