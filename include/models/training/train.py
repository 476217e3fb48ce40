"""The `train` command, under SageMaker's training contract."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from serving.artifact import MODEL_FILE
from serving.cascade import truncated
from serving.precision import FP32_GRAPH, INT8_GRAPH
from serving.pretrained import weights_folder

from .artifact_description import METRICS_FILE, describe, write_json
from .bundle_release import release_bundle
from .cascade import Comparison, TrainedCascade, fit_cascade
from .cascade_release import release_cascade
from .cheap_model import token_vectors
from .classifier import (
    Corpus,
    calibrated_on,
    fit_classifier,
    folds_of,
    fp32_probabilities,
    out_of_fold_probabilities,
    read_by_the_encoder,
)
from .documents import (
    Split,
    channel_files,
    data_digest,
    read_documents,
    split_documents,
    spread_sample,
)
from .encoder import Encoder, run_fp32
from .graph_builder import FloatArray
from .graph_layout import Packed
from .head import Head
from .import_release import release_import
from .linear_release import release_linear
from .metrics import agreement, evaluate, rounded
from .parameters import Method, TrainingParameters, read_parameters
from .portable_weights import write_encoder, write_head
from .progress import Progress
from .quantization import quantize_to_ir, write_fp32_ir
from .verification import served


class AgreementError(Exception):
    """The int8 model does not answer as the fp32 model does; nothing is released."""


def train(env: Mapping[str, str]) -> int:
    """Train from `input/data/training` into `model`, both under `ML_ROOT` (`/opt/ml`).

    Raises:
        TrainingDataError: the channel cannot be learned from.
        ParameterError: a hyperparameter is wrong, or needs another image.
        AgreementError: quantization changed too many labels.
    """
    root = Path(env.get("ML_ROOT", "/opt/ml"))
    parameters = read_parameters(root / "input/config/hyperparameters.json")
    fit(root / "input/data/training", root / "model", parameters, env)
    return 0


def fit(
    channel: Path, target: Path, parameters: TrainingParameters, env: Mapping[str, str]
) -> dict[str, Any]:
    """Fit, quantize, check and write the artifact, then its cascade if one is looked for.

    Returns:
        The content of `metrics.json`.
    """
    progress = Progress()
    target.mkdir(parents=True, exist_ok=True)
    if parameters.method is Method.IMPORT:
        return release_import(channel, target, parameters, env, progress)
    if parameters.method is Method.BUNDLE:
        return release_bundle(channel, target, parameters, env, progress)
    files = channel_files(channel)
    whole_texts = split_documents(
        read_documents(files), parameters.held_out_percent, parameters.split_seed
    )
    split = whole_texts.cut(parameters.tokenized_characters)
    progress("read", train=len(split.train), held_out=len(split.held_out))
    if parameters.method is Method.LINEAR:
        return release_linear(split, data_digest(files), target, parameters, env, progress)

    pretrained = Encoder.load(weights_folder(), parameters.tokenized_tokens)
    whole = pretrained.tokenize([d.text for d in split.train])
    tokens = [truncated(ids, parameters.max_tokens) for ids in whole]
    embeddings = run_fp32(pretrained.embedding_model(), tokens, parameters.max_tokens)
    corpus = Corpus(tokens, embeddings, [d.label for d in split.train])
    progress("embedded", documents=len(tokens))

    encoder, head = fit_classifier(pretrained, corpus, parameters, progress.epoch)
    asked = read_by_the_encoder(encoder, split.held_out, parameters)
    reference = fp32_probabilities(encoder, head, asked, parameters)
    if parameters.method is Method.FINE_TUNE:
        head = calibrated_on(head, reference, [d.label for d in split.held_out])
    progress("fitted", regularization=head.regularization, temperature=head.temperature)

    sample = spread_sample(split.train, parameters.calibration_documents)
    calibration = read_by_the_encoder(encoder, sample, parameters)
    packed = encoder.classifier_model(head.weight, head.bias, Packed())
    quantize_to_ir(packed, calibration, target / INT8_GRAPH)
    write_fp32_ir(packed, target / FP32_GRAPH)
    write_head(head, target)
    if parameters.method is Method.FINE_TUNE:
        write_encoder(encoder, target)
    shutil.copyfile(encoder.tokenizer_file, target / "tokenizer.json")
    progress("quantized", calibration=len(sample))

    description = describe(encoder, head, parameters, data_digest(files))
    write_json(target / MODEL_FILE, description)
    labels, metrics = _verify(target, head, reference, split, parameters, env)
    description["metrics"] = {k: v for k, v in metrics.items() if k != "per_class"}
    write_json(target / MODEL_FILE, description)
    progress("verified", **description["metrics"])

    if parameters.cascade_folds:
        found = _look_for_cascade(pretrained, corpus, whole, head, parameters, progress)
        progress("compared", **({"answered": found.evidence.answered} if found else {}))
        metrics["cascade"] = None
        if found:
            metrics["cascade"] = release_cascade(
                found, target, split.held_out, labels, parameters, env
            )
            progress("released", kept=metrics["cascade"]["kept"])

    metrics |= {
        "regularization": head.regularization,
        "temperature": round(head.temperature, 4),
        "data_digest": description["data_digest"],
        "parameters": parameters.as_dict(),
        "seconds": progress.seconds,
    }
    write_json(target / METRICS_FILE, metrics)
    progress("done", **description["metrics"])
    return metrics


def _verify(
    target: Path,
    head: Head,
    reference: FloatArray,
    split: Split,
    parameters: TrainingParameters,
    env: Mapping[str, str],
) -> tuple[list[str], dict[str, Any]]:
    """The served labels of the held-out documents, and the figures they make.

    Args:
        reference: the held-out documents' probabilities in fp32.

    Raises:
        AgreementError: they are not those of the fp32 model.
    """
    fp32 = [head.labels[k] for k in reference.argmax(axis=1)]
    int8 = [answer.label for answer in served(target, split.held_out, env)]
    truth = [d.label for d in split.held_out]
    agreed = round(agreement(fp32, int8), 4)
    if agreed < parameters.min_agreement:
        raise AgreementError(
            f"int8 agrees with fp32 on {agreed:.1%} of {len(truth)} held-out documents, "
            f"under the {parameters.min_agreement:.0%} asked for"
        )
    figures = evaluate(truth, int8, head.labels)
    return int8, {
        "accuracy": round(figures.accuracy, 4),
        "macro_f1": round(figures.macro_f1, 4),
        "fp32_accuracy": round(agreement(truth, fp32), 4),
        "agreement": agreed,
        "n_train": len(split.train),
        "n_test": len(split.held_out),
        "per_class": rounded(figures),
    }


def _look_for_cascade(
    pretrained: Encoder,
    corpus: Corpus,
    whole: Sequence[Sequence[int]],
    head: Head,
    parameters: TrainingParameters,
    progress: Progress,
) -> TrainedCascade | None:
    folds = folds_of(corpus.labels, parameters.cascade_folds)
    said = out_of_fold_probabilities(pretrained, corpus, head, folds, parameters, progress.epoch)
    labels = [head.labels[k] for k in said.argmax(axis=1)]
    progress("asked out of fold", accuracy=round(agreement(corpus.labels, labels), 4))
    return fit_cascade(
        Comparison(whole, head.labels, corpus.labels, said, folds),
        token_vectors(pretrained.weights),
        parameters.cascade_max_loss,
        parameters.cascade_confidence,
    )
