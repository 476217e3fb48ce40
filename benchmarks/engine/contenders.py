"""Who runs: each contender's environment and how its library is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

OURS = "ours"
PEAK = "peak"


@dataclass(frozen=True)
class Contender:
    """One line of the table.

    Attributes:
        key: short and unique, for files and options.
        title: for people.
        environment: of `.twolane/venvs`; those named `bench-*` are made on demand.
        module: of `benchmarks.engine.workers`.
        options: arguments of the module's `build`.
        precision: of its matrix products, where it does not choose one itself.
    """

    key: str
    title: str
    environment: str
    module: str
    precision: str
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_ours(self) -> bool:
        """Whether it is the product itself."""
        return self.module == OURS


CONTENDERS = (
    Contender(PEAK, "matrix-product peak", "serving", "peak", "all"),
    Contender(OURS, "Twolane's engine", "serving", "ours", "int8"),
    Contender(
        "ours-int8", "Twolane's engine, int8 told", "serving", "ours", "int8", {"precision": "int8"}
    ),
    Contender("hf", "Hugging Face pipeline", "bench-hugging-face", "hugging_face", "fp32"),
    Contender(
        "st-torch",
        "sentence-transformers, torch",
        "bench-sentence-transformers",
        "sentence_transformer",
        "fp32",
        {"backend": "torch"},
    ),
    Contender(
        "st-bf16",
        "sentence-transformers, torch bf16",
        "bench-sentence-transformers",
        "sentence_transformer",
        "bf16",
        {"backend": "torch-bf16"},
    ),
    Contender(
        "st-int8",
        "sentence-transformers, ONNX int8",
        "bench-sentence-transformers",
        "sentence_transformer",
        "int8",
        {"backend": "onnx-int8"},
    ),
    Contender(
        "ort-fp32",
        "ONNX Runtime, fixed batches",
        "bench-onnxruntime",
        "onnx_batches",
        "fp32",
        {"graph": "model.onnx"},
    ),
    Contender(
        "ort-int8",
        "ONNX Runtime int8, fixed batches",
        "bench-onnxruntime",
        "onnx_batches",
        "int8",
        {"graph": "model_quantized.onnx"},
    ),
    Contender("ct2", "CTranslate2 int8", "bench-ctranslate2", "ctranslate2_encoder", "int8"),
    Contender("fastembed", "fastembed", "bench-fastembed", "fastembed_text", "fp32"),
    Contender(
        "infinity-torch",
        "Infinity, torch",
        "bench-infinity",
        "infinity_engine",
        "fp32",
        {"engine": "torch"},
    ),
    Contender(
        "infinity-onnx",
        "Infinity, ONNX int8",
        "bench-infinity",
        "infinity_engine",
        "int8",
        {"engine": "optimum"},
    ),
    Contender("ray", "Ray Data around our engine", "bench-ray", "ray_data", "int8"),
)
