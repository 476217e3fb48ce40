"""The method `import`: a classifier that was trained elsewhere becomes an artifact.

The channel holds `pretrained.tar.gz`: the model's folder, and `documents.jsonl`, on which the int8
ranges are measured and the graphs compared. Where the documents have labels of the model's, its
figures are taken on them too.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from serving.artifact import MODEL_FILE, OPENVINO_FORMAT, unpack
from serving.precision import FP32_GRAPH, INT8_GRAPH, Precision
from serving.tokenizing import open_tokenizer

from .artifact_description import METRICS_FILE, describe_model, write_json
from .documents import LabelledDocument, data_digest, read_documents, spread_sample
from .encoder import run_fp32
from .encoder_graph import add_first_token, add_head, as_model
from .graph_builder import GraphBuilder
from .graph_heads import add_layer
from .graph_layout import Layout, Packed, Padded
from .metrics import agreement, evaluate, rounded
from .parameters import ParameterError, TrainingParameters
from .portable_weights import write_classifier
from .pretrained_classifier import PretrainedClassifier
from .pretrained_weights import PretrainedError
from .progress import Progress
from .quantization import quantize_to_ir, write_fp32_ir
from .verification import served

ARCHIVE = "pretrained.tar.gz"
DOCUMENTS_FILE = "documents.jsonl"
MAX_DIFFERENCE = 0.01
"""Of a probability: the fp32 graph's weights are kept in 16 bits."""


def release_import(
    channel: Path,
    target: Path,
    parameters: TrainingParameters,
    env: Mapping[str, str],
    progress: Progress,
) -> dict[str, Any]:
    """Convert, quantize, compare and write the artifact.

    Returns:
        The content of `metrics.json`.

    Raises:
        PretrainedError: the folder holds no classifier that can be read, or its graph in OpenVINO
            does not answer as in onnxruntime.
        ParameterError: more tokens are asked for than the model has positions for.
    """
    archive = channel / ARCHIVE
    with tempfile.TemporaryDirectory(prefix="pretrained-") as scratch:
        folder = Path(scratch)
        unpack(archive, folder)
        model = PretrainedClassifier.load(folder)
        if parameters.max_tokens > model.max_tokens:
            raise ParameterError(
                f"max_tokens {parameters.max_tokens}: the model has {model.max_tokens} positions"
            )
        documents = [
            replace(d, text=d.text[: parameters.max_characters])
            for d in read_documents([folder / DOCUMENTS_FILE])
        ]
        shutil.copyfile(model.tokenizer_file, target / "tokenizer.json")
    progress("read", documents=len(documents), labels=len(model.labels))

    asked = spread_sample(documents, len(documents))
    size = min(parameters.calibration_documents, max(1, len(asked) // 2))
    calibration, asked = asked[:size], asked[size:] or asked
    tokenizer = open_tokenizer(target, parameters.max_tokens)
    ids = [found.ids for found in tokenizer.encode_batch([d.text for d in calibration])]
    packed = graph_of(model, Packed())
    quantize_to_ir(packed, ids, target / INT8_GRAPH)
    write_fp32_ir(packed, target / FP32_GRAPH)
    write_classifier(model, target)
    progress("quantized", calibration=len(ids))

    description = describe_model(
        OPENVINO_FORMAT, model.labels, parameters, data_digest([archive])
    ) | {"encoder": {"weights_sha256": model.weights_sha256, "method": parameters.method.value}}
    write_json(target / MODEL_FILE, description)
    ids = [found.ids for found in tokenizer.encode_batch([d.text for d in asked])]
    summary, per_class = _compare(target, model, asked, ids, parameters, env)
    write_json(target / MODEL_FILE, description | {"metrics": summary})
    metrics = summary | {
        "per_class": per_class,
        "data_digest": description["data_digest"],
        "parameters": parameters.as_dict(),
        "seconds": progress.seconds,
    }
    write_json(target / METRICS_FILE, metrics)
    progress("done", **summary)
    return metrics


def graph_of(model: PretrainedClassifier, layout: Layout) -> onnx.ModelProto:
    """The graph from tokens to probabilities."""
    graph = GraphBuilder()
    state = add_first_token(graph, model.weights, model.shape, layout)
    head = model.head
    active = add_layer(graph, state, head.dense, head.dense_bias, head.activation)
    output = add_head(graph, active, head.weight, head.bias)
    return as_model(graph, layout, output, len(model.labels))


def _compare(
    target: Path,
    model: PretrainedClassifier,
    documents: Sequence[LabelledDocument],
    tokens: Sequence[Sequence[int]],
    parameters: TrainingParameters,
    env: Mapping[str, str],
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Hold the served graphs against onnxruntime; the summary, and the classes' figures if any."""
    reference = run_fp32(graph_of(model, Padded()), tokens, parameters.max_tokens)
    fp32 = served(target, documents, env, Precision.FP32)
    position = {label: k for k, label in enumerate(model.labels)}
    said = np.array([position[answer.label] for answer in fp32])
    scores = np.array([answer.score for answer in fp32])
    difference = float(np.abs(reference[np.arange(len(said)), said] - scores).max())
    if not difference <= MAX_DIFFERENCE:  # NaN is no agreement
        raise PretrainedError(
            f"OpenVINO and onnxruntime differ by {difference:.3f} in a probability, "
            f"{MAX_DIFFERENCE} is allowed"
        )
    int8 = [answer.label for answer in served(target, documents, env)]
    summary = {
        "agreement": round(agreement([answer.label for answer in fp32], int8), 4),
        "fp32_difference": round(difference, 6),
        "n_test": float(len(documents)),
    }
    truth = [d.label for d in documents]
    if not set(truth) <= set(model.labels):
        return summary, {}
    figures = evaluate(truth, int8, model.labels)
    summary |= {
        "accuracy": round(figures.accuracy, 4),
        "macro_f1": round(figures.macro_f1, 4),
        "fp32_accuracy": round(agreement(truth, [answer.label for answer in fp32]), 4),
    }
    return summary, rounded(figures)
