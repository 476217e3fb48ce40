"""The same classifier on four CPU engines: speed, agreement with fp32, labels alone or in batch.

Run in the training environment, which carries all of them:
    .twolane/venvs/training/bin/python benchmarks/model_engines.py [DOCUMENTS.jsonl]

The head is fitted on the product's sample; documents default to the sample. Rounds are interleaved,
so that a busy machine is unfair to all alike; the median counts.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "include" / "models"))

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime as ort  # noqa: E402
import openvino as ov  # noqa: E402
from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: E402
from training.documents import read_documents, split_documents, spread_sample  # noqa: E402
from training.encoder import Encoder, pad, padded_batches, run_fp32  # noqa: E402
from training.head import fit_head  # noqa: E402
from training.quantization import quantize_to_ir  # noqa: E402
from training.train import weights_folder  # noqa: E402

SAMPLE = ROOT / "include" / "sample" / "news.jsonl"
MAX_TOKENS = 256
ROUNDS = 3
DOCUMENTS = 1_500
ALONE = 300

Run = Callable[[dict[str, Any]], Any]


def main(path: Path) -> None:
    """Build the engines, measure, print a table."""
    encoder = Encoder.load(weights_folder(), MAX_TOKENS)
    train = split_documents(read_documents([SAMPLE]), 20).train
    tokens = encoder.tokenize([d.text for d in train])
    embeddings = run_fp32(encoder.embedding_model(), tokens, MAX_TOKENS)
    head = fit_head(embeddings, [d.label for d in train], 5)
    model = encoder.classifier_model(head.weight, head.bias)
    texts = [json.loads(line)["text"][:2560] for line in path.read_text().splitlines()]
    asked = encoder.tokenize((texts * -(-DOCUMENTS // len(texts)))[:DOCUMENTS])
    with tempfile.TemporaryDirectory() as folder:
        sample = encoder.tokenize([d.text for d in spread_sample(train, 200)])
        engines = _engines(model, sample, Path(folder))
        _measure(engines, asked)


def _measure(engines: dict[str, Run], asked: list[list[int]]) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    scores: dict[str, Any] = {}
    for _ in range(ROUNDS):
        for name, run in engines.items():
            started = time.perf_counter()
            scores[name] = _batched(run, asked)
            seconds[name].append(time.perf_counter() - started)
    reference = scores["onnxruntime fp32"].argmax(axis=1)
    print(f"{'engine':26}{'documents/s':>12}{'agrees':>10}{'flips alone':>13}{'moved by':>10}")
    for name, run in engines.items():
        alone = np.concatenate([run(pad([ids], _padded(ids))) for ids in asked[:ALONE]])
        together = scores[name][:ALONE]
        flips = int((alone.argmax(axis=1) != together.argmax(axis=1)).sum())
        print(
            f"{name:26}{len(asked) / statistics.median(seconds[name]):12.0f}"
            f"{(scores[name].argmax(axis=1) == reference).mean():10.2%}"
            f"{flips:8} / {ALONE}{np.abs(alone - together).max():9.4f}"
        )


def _engines(model: onnx.ModelProto, calibration: list[list[int]], folder: Path) -> dict[str, Run]:
    fp32 = folder / "fp32.onnx"
    onnx.save(model, str(fp32))
    quantize_dynamic(fp32, folder / "int8.onnx", per_channel=True, weight_type=QuantType.QInt8)
    quantize_to_ir(model, calibration, folder / "int8.xml")
    return {
        "onnxruntime fp32": _onnxruntime(fp32),
        "onnxruntime dynamic int8": _onnxruntime(folder / "int8.onnx"),
        "OpenVINO fp32": _openvino(fp32, {"INFERENCE_PRECISION_HINT": "f32"}),
        "OpenVINO int8 (NNCF)": _openvino(folder / "int8.xml", {}),
    }


def _onnxruntime(path: Path) -> Run:
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda feeds: session.run(None, feeds)[0]


def _openvino(path: Path, config: dict[str, Any]) -> Run:
    compiled = ov.Core().compile_model(str(path), "CPU", {"NUM_STREAMS": 1, **config})
    return lambda feeds: compiled(feeds)[0].copy()


def _batched(run: Run, asked: list[list[int]]) -> Any:
    rows: dict[int, Any] = {}
    for positions, feeds in padded_batches(asked, MAX_TOKENS):
        rows.update(zip(positions, run(feeds), strict=True))
    return np.stack([rows[position] for position in range(len(asked))])


def _padded(ids: list[int]) -> int:
    return min(-(-len(ids) // 16) * 16, MAX_TOKENS)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE)
