"""The real model: a Rust tokenizer and an OpenVINO graph on the CPU."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, assert_never

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .artifact import Artifact, ArtifactError
from .cpu import Cpu
from .packing import Feeds, pack, pad
from .precision import Precision, served_precision
from .settings import ContainerSettings
from .tokenizing import load_tokenizer, tokenize

WARM_LENGTH = 64
"""Warmed at start: one short document, the first thing an endpoint is asked."""


class OpenVinoBackend:
    """One compiled model, one stream and one infer request for each worker.

    The graph has free dimensions; the engine keeps the shapes it sees few, so the runtime's
    per-shape kernels are few and memory stays flat.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        requests: Sequence[Any],
        lay_out: Callable[[Sequence[array[int]], int], Feeds],
    ) -> None:
        self._tokenizer = tokenizer
        self._requests = requests
        self._lay_out = lay_out

    @classmethod
    def load(cls, artifact: Artifact, folder: Path, settings: ContainerSettings) -> OpenVinoBackend:
        """Load and warm the model.

        Raises:
            ArtifactError: a file of the artifact is missing or refused by the runtime.
        """
        tokenizer = load_tokenizer(folder, artifact)
        try:
            precision = served_precision(artifact, folder, settings)
            compiled = _compile(folder / precision.graph, precision, settings)
        except Exception as error:  # the runtime raises bare exceptions
            raise ArtifactError(f"cannot load the model in {folder}: {error}") from error
        # Versions trained before the packed layout have padded inputs, and are served on.
        names = {name for one in compiled.inputs for name in one.names}
        requests = [compiled.create_infer_request() for _ in range(settings.workers)]
        backend = cls(tokenizer, requests, pack if "slots" in names else pad)
        for worker in range(settings.workers):
            backend.infer(worker, backend.tokenize(["warm"]), WARM_LENGTH)
        return backend

    def tokenize(self, texts: Sequence[str]) -> list[array[int]]:
        """See `Backend.tokenize`."""
        return tokenize(self._tokenizer, texts)

    def infer(self, worker: int, tokens: Sequence[array[int]], length: int) -> NDArray[np.float32]:
        """See `Backend.infer`."""
        result = self._requests[worker].infer(self._lay_out(tokens, length))
        return np.array(result[0], dtype=np.float32)


def _compile(path: Path, precision: Precision, settings: ContainerSettings) -> Any:
    config: dict[str, Any] = {
        "NUM_STREAMS": settings.workers,
        "INFERENCE_NUM_THREADS": settings.workers * settings.threads_per_worker,
        # Containers that share a machine would all pin the same cores.
        "ENABLE_CPU_PINNING": Cpu.given().is_alone,
    }
    match precision:
        case Precision.INT8:
            pass  # what is not int8 runs in the runtime's own choice, bf16 where the CPU has it
        case Precision.BF16:
            config["INFERENCE_PRECISION_HINT"] = "bf16"
        case Precision.FP32:
            config["INFERENCE_PRECISION_HINT"] = "f32"
        case _:
            assert_never(precision)
    return ov.Core().compile_model(str(path), "CPU", config)
