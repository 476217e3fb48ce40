"""The method `bundle`: models that share the pretrained encoder become one, with a head for each.

The channel holds `bundle.tar.gz`: `bundle.json` names the models, the first one being the primary;
of each, a folder has `model.json`, `head.safetensors`, `tokenizer.json` and `documents.jsonl`, on
which its head was fitted. Nothing is trained.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from serving.artifact import MODEL_FILE, OPENVINO_FORMAT, unpack
from serving.precision import FP32_GRAPH, INT8_GRAPH
from serving.pretrained import weights_folder
from serving.records import Prediction

from .artifact_description import METRICS_FILE, describe_model, read_json, write_json
from .bundle_members import BundleError, Member, read_member
from .documents import data_digest, spread_sample
from .encoder import Encoder, run_fp32
from .encoder_graph import add_encoder, as_model
from .graph_builder import GraphBuilder
from .graph_heads import add_heads
from .graph_layout import Layout, Packed, Padded
from .head import Head
from .metrics import agreement, evaluate, rounded
from .parameters import TrainingParameters
from .portable_weights import write_head
from .progress import Progress
from .quantization import quantize_to_ir, write_fp32_ir
from .verification import served

ARCHIVE = "bundle.tar.gz"
PLAN_FILE = "bundle.json"


def release_bundle(
    channel: Path,
    target: Path,
    parameters: TrainingParameters,
    env: Mapping[str, str],
    progress: Progress,
) -> dict[str, Any]:
    """Join, quantize, check and write the artifact.

    Returns:
        The content of `metrics.json`.

    Raises:
        BundleError: a model is of another encoder or reads another length, or a head's int8 labels
            are not those of fp32.
    """
    archive = channel / ARCHIVE
    encoder = Encoder.load(weights_folder(), parameters.max_tokens)
    with tempfile.TemporaryDirectory(prefix="bundle-") as scratch:
        folder = Path(scratch)
        unpack(archive, folder)
        members = [
            read_member(folder / part["name"], part, encoder, parameters)
            for part in read_json(folder / PLAN_FILE)["heads"]
        ]
    weight = np.hstack([member.weight for member in members])
    bias = np.concatenate([member.bias for member in members])
    shutil.copyfile(encoder.tokenizer_file, target / "tokenizer.json")
    write_head(Head(members[0].labels, weight, bias, 0.0), target)
    progress("read", heads=[member.name for member in members])

    size = parameters.calibration_documents
    sample = [d for member in members for d in spread_sample(member.split.train, size)]
    packed = _graph(encoder, members, Packed())
    quantize_to_ir(packed, encoder.tokenize([d.text for d in sample]), target / INT8_GRAPH)
    write_fp32_ir(packed, target / FP32_GRAPH)
    progress("quantized", calibration=len(sample))

    description = describe_model(
        OPENVINO_FORMAT, members[0].labels, parameters, data_digest([archive])
    ) | {
        "encoder": {"weights_sha256": encoder.weights_sha256, "method": parameters.method.value},
        "heads": [{"name": m.name, "labels": list(m.labels)} for m in members[1:]],
        "parts": [{"name": m.name, "version": m.version} for m in members],
    }
    write_json(target / MODEL_FILE, description)
    summary, per_class = _verify(target, encoder, members, parameters, env)
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


def _graph(encoder: Encoder, members: Sequence[Member], layout: Layout) -> onnx.ModelProto:
    graph = GraphBuilder()
    embedding = add_encoder(graph, encoder.weights, encoder.shape, layout)
    output = add_heads(graph, embedding, [(member.weight, member.bias) for member in members])
    return as_model(graph, layout, output, sum(len(member.bias) for member in members))


def _verify(
    target: Path,
    encoder: Encoder,
    members: Sequence[Member],
    parameters: TrainingParameters,
    env: Mapping[str, str],
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Figures of every head, each on its own held-out documents; the primary's by class."""
    figures: dict[str, float] = {"n_train": sum(len(m.split.train) for m in members)}
    agreed = 0
    per_class: dict[str, dict[str, float]] = {}
    reference = _graph(encoder, members, Padded())
    first = 0
    for member in members:
        held_out = member.split.held_out
        rows = run_fp32(
            reference, encoder.tokenize([d.text for d in held_out]), parameters.max_tokens
        )
        end = first + len(member.labels)
        fp32 = [member.labels[k] for k in rows[:, first:end].argmax(axis=1)]
        first = end
        int8 = _labels_of(member, members, served(target, held_out, env))
        share = round(agreement(fp32, int8), 4)
        agreed += sum(a == b for a, b in zip(fp32, int8, strict=True))
        if share < parameters.min_agreement:
            raise BundleError(
                f"head {member.name}: int8 agrees with fp32 on {share:.1%} of "
                f"{len(held_out)} documents, under the {parameters.min_agreement:.0%} asked for"
            )
        found = evaluate([d.label for d in held_out], int8, member.labels)
        figures[f"accuracy_{member.name}"] = round(found.accuracy, 4)
        if member is members[0]:
            figures |= {
                "accuracy": round(found.accuracy, 4),
                "macro_f1": round(found.macro_f1, 4),
                "n_test": len(held_out),
            }
            per_class = rounded(found)
    asked = sum(len(member.split.held_out) for member in members)
    return figures | {"agreement": round(agreed / asked, 4)}, per_class


def _labels_of(
    member: Member, members: Sequence[Member], answers: Sequence[Prediction]
) -> list[str]:
    if member is members[0]:
        return [answer.label for answer in answers]
    place = [one.name for one in members].index(member.name) - 1
    return [answer.heads[place].label for answer in answers]
