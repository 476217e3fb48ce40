"""The same classifier on the CPU runtimes: speed, agreement with fp32, labels alone or in batch.

Run in the training environment, which carries all of them:
    .twolane/venvs/training/bin/python benchmarks/model_engines.py [DOCUMENTS.jsonl]

The head is fitted on the product's sample; documents default to the sample. Every runtime gets one
thread and the product's batches, in turns. Time is processor time, so that a busy machine costs
all alike and little.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "include" / "models"))

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime as ort  # noqa: E402
import openvino as ov  # noqa: E402
from onnxruntime.quantization import (  # noqa: E402
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from serving.batching import BatchPolicy, plan_batches  # noqa: E402
from serving.packing import Feeds, pack, pad  # noqa: E402
from serving.pretrained import weights_folder  # noqa: E402
from training.documents import read_documents, split_documents, spread_sample  # noqa: E402
from training.encoder import Encoder, run_fp32  # noqa: E402
from training.graph_layout import Packed  # noqa: E402
from training.head import fit_head  # noqa: E402
from training.quantization import quantize_to_ir, write_fp32_ir  # noqa: E402

SAMPLE = ROOT / "include" / "sample" / "news.jsonl"
MAX_TOKENS = 256
POLICY = BatchPolicy(MAX_TOKENS)
ROUNDS = 4
DOCUMENTS = 700
ALONE = 200
CALIBRATION = 120

Tokens = Sequence[Sequence[int]]
Run = Callable[[Tokens, int], Any]


def main(path: Path) -> None:
    """Build the engines, measure, print a table."""
    encoder = Encoder.load(weights_folder(), MAX_TOKENS)
    train = split_documents(read_documents([SAMPLE]), 20).train
    tokens = encoder.tokenize([d.text for d in train])
    embeddings = run_fp32(encoder.embedding_model(), tokens, MAX_TOKENS)
    head = fit_head(embeddings, [d.label for d in train], 5)
    texts = [json.loads(line)["text"][:2560] for line in path.read_text().splitlines()]
    asked = encoder.tokenize((texts * -(-DOCUMENTS // len(texts)))[:DOCUMENTS])
    sample = encoder.tokenize([d.text for d in spread_sample(train, CALIBRATION)])
    with tempfile.TemporaryDirectory() as folder:
        padded = encoder.classifier_model(head.weight, head.bias)
        packed = encoder.classifier_model(head.weight, head.bias, Packed())
        _measure(_engines(padded, packed, sample, Path(folder)), asked)


def _measure(engines: dict[str, Run], asked: Tokens) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    scores: dict[str, Any] = {}
    for _ in range(ROUNDS):
        for name, run in engines.items():
            started = time.process_time()
            scores[name] = _batched(run, asked)
            seconds[name].append(time.process_time() - started)
    reference = scores["onnxruntime fp32"].argmax(axis=1)
    print(
        f"{'engine':28}{'documents a CPU second':>24}{'agrees':>9}{'flips alone':>13}{'moved':>9}"
    )
    for name, run in engines.items():
        alone = np.concatenate(
            [run([ids], POLICY.padded_length(len(ids))) for ids in asked[:ALONE]]
        )
        together = scores[name][:ALONE]
        flips = int((alone.argmax(axis=1) != together.argmax(axis=1)).sum())
        print(
            f"{name:28}{len(asked) / statistics.median(seconds[name][1:]):24.0f}"
            f"{(scores[name].argmax(axis=1) == reference).mean():9.2%}"
            f"{flips:7} / {ALONE}{np.abs(alone - together).max():9.4f}"
        )


def _engines(
    padded: onnx.ModelProto, packed: onnx.ModelProto, calibration: Tokens, folder: Path
) -> dict[str, Run]:
    fp32 = folder / "fp32.onnx"
    onnx.save(padded, str(fp32))
    quantize_dynamic(fp32, folder / "dynamic.onnx", per_channel=True, weight_type=QuantType.QInt8)
    quantize_static(
        fp32,
        folder / "static.onnx",
        _Reader(calibration),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        extra_options={"WeightSymmetric": True},
    )
    quantize_to_ir(packed, calibration, folder / "int8.xml")
    write_fp32_ir(packed, folder / "fp32.xml")
    return {
        "onnxruntime fp32": _onnxruntime(fp32),
        "onnxruntime dynamic int8": _onnxruntime(folder / "dynamic.onnx"),
        "onnxruntime static int8": _onnxruntime(folder / "static.onnx"),
        "OpenVINO fp32": _openvino(folder / "fp32.xml", "f32"),
        "OpenVINO bf16": _openvino(folder / "fp32.xml", "bf16"),
        "OpenVINO int8 (NNCF)": _openvino(folder / "int8.xml", None),
    }


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    """Hands the calibration documents over one by one."""

    def __init__(self, documents: Tokens) -> None:
        self._feeds = (pad([ids], POLICY.padded_length(len(ids))) for ids in documents)

    def get_next(self) -> Feeds | None:
        return next(self._feeds, None)


def _onnxruntime(path: Path) -> Run:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda tokens, length: session.run(None, pad(tokens, length))[0]


def _openvino(path: Path, precision: str | None) -> Run:
    config: dict[str, Any] = {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": 1}
    if precision:
        config["INFERENCE_PRECISION_HINT"] = precision
    compiled = ov.Core().compile_model(str(path), "CPU", config)
    return lambda tokens, length: compiled(pack(tokens, length))[0].copy()


def _batched(run: Run, asked: Tokens) -> Any:
    rows: dict[int, Any] = {}
    for batch in plan_batches([len(ids) for ids in asked], POLICY):
        scores = run([asked[p] for p in batch.positions], batch.length)
        rows.update(zip(batch.positions, scores, strict=True))
    return np.stack([rows[position] for position in range(len(asked))])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE)
