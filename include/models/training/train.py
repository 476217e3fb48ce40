"""The `train` command, under SageMaker's training contract."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from serving.artifact import MODEL_FILE, load_artifact
from serving.backend import load_backend
from serving.batching import BatchPolicy
from serving.engine import Engine
from serving.metering import Meter
from serving.pretrained import PACKAGE, weights_folder
from serving.records import Prediction, Record
from serving.settings import ContainerSettings

from .documents import (
    LabelledDocument,
    channel_files,
    data_digest,
    read_documents,
    split_documents,
    spread_sample,
)
from .encoder import Encoder, run_fp32
from .graph_layout import Packed
from .head import Head, fit_head
from .metrics import Figures, agreement, evaluate
from .parameters import TrainingParameters, read_parameters
from .portable_weights import write_head
from .quantization import quantize_to_ir

METRICS_FILE = "metrics.json"


class AgreementError(Exception):
    """The int8 model does not answer as the fp32 model does; nothing is released."""


def train(env: Mapping[str, str]) -> int:
    """Train from `input/data/training` into `model`, both under `ML_ROOT` (`/opt/ml`).

    Raises:
        TrainingDataError: the channel cannot be learned from.
        ParameterError: a hyperparameter is wrong.
        AgreementError: quantization changed too many labels.
    """
    root = Path(env.get("ML_ROOT", "/opt/ml"))
    parameters = read_parameters(root / "input/config/hyperparameters.json")
    fit(root / "input/data/training", root / "model", parameters, env)
    return 0


def fit(
    channel: Path, target: Path, parameters: TrainingParameters, env: Mapping[str, str]
) -> dict[str, Any]:
    """Fit, quantize, check and write the artifact.

    Returns:
        The content of `metrics.json`.
    """
    started = time.monotonic()
    target.mkdir(parents=True, exist_ok=True)
    files = channel_files(channel)
    documents = [_cut(d, parameters.tokenized_characters) for d in read_documents(files)]
    split = split_documents(documents, parameters.held_out_percent)
    _progress("read", started, train=len(split.train), held_out=len(split.held_out))

    pretrained = Encoder.load(weights_folder(), parameters.tokenized_tokens)
    whole = pretrained.tokenize([d.text for d in split.train])
    tokens = [truncated(ids, parameters.max_tokens) for ids in whole]
    embeddings = run_fp32(pretrained.embedding_model(), tokens, parameters.max_tokens)
    corpus = Corpus(tokens, embeddings, [d.label for d in split.train])
    _progress("embedded", started, documents=len(tokens))

    def epoch_done(epoch: int, loss: float) -> None:
        _progress("epoch", started, epoch=epoch, loss=round(loss, 4))

    encoder, head = fit_classifier(pretrained, corpus, parameters, epoch_done)
    classifier = encoder.classifier_model(head.weight, head.bias)
    _progress("fitted", started, regularization=head.regularization)

    sample = _spread_positions(split.train, parameters.calibration_documents)
    quantize_to_ir(classifier, [tokens[p] for p in sample], target / "model.xml")
    write_head(head, target)
    if parameters.method is Method.FINE_TUNE:
        write_encoder(encoder, target)
    shutil.copyfile(encoder.tokenizer_file, target / "tokenizer.json")
    _progress("quantized", started, calibration=len(sample))

    description = _description(encoder, head, parameters, data_digest(files))
    _write_json(target / MODEL_FILE, description)
    held_out_tokens = encoder.tokenize([d.text for d in split.held_out])
    shortened = [truncated(ids, parameters.max_tokens) for ids in held_out_tokens]
    reference = run_fp32(classifier, shortened, parameters.max_tokens)
    fp32 = [head.labels[k] for k in reference.argmax(axis=1)]
    int8 = [answer.label for answer in served(target, split.held_out, env)]
    truth = [d.label for d in split.held_out]
    figures = evaluate(truth, int8, head.labels)
    agreed = round(agreement(fp32, int8), 4)
    if agreed < parameters.min_agreement:
        raise AgreementError(
            f"int8 agrees with fp32 on {agreed:.1%} of {len(truth)} held-out documents, "
            f"under the {parameters.min_agreement:.0%} asked for"
        )
    _progress("verified", started, accuracy=round(figures.accuracy, 4), agreement=agreed)

    beside: dict[str, Any] = {}
    if parameters.cascade_folds:
        says = folds_and_labels = folds_of(corpus.labels, parameters.cascade_folds)
def _description(
    encoder: Encoder, head: Head, parameters: TrainingParameters, digest: str
) -> dict[str, Any]:
    return {
        "name": parameters.model_name,
        "format": "openvino-int8",
        "labels": list(head.labels),
        "max_tokens": parameters.max_tokens,
        "max_characters": parameters.max_characters,
        "encoder": {
            "package": PACKAGE,
            "version": version(PACKAGE),
            "weights_sha256": encoder.weights_sha256,
        },
        "data_digest": digest,
    }


def _cut(document: LabelledDocument, max_characters: int) -> LabelledDocument:
    return LabelledDocument(document.id, document.text[:max_characters], document.label)


def _rounded(figures: Figures) -> dict[str, dict[str, float]]:
    return {
        label: {name: round(value, 4) for name, value in asdict(one).items()}
        for label, one in figures.per_class.items()
    }


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _progress(step: str, started: float, **figures: object) -> None:
    line = {"event": "training", "step": step, "seconds": round(time.monotonic() - started, 1)}
    print(json.dumps(line | figures), flush=True)
