"""The method `linear`: the cheap model alone, as an artifact of its own."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.sparse import csr_matrix
from serving.artifact import LINEAR_FORMAT, MODEL_FILE
from serving.linear_backend import LINEAR_FILE
from serving.linear_model import LinearModel, tf_idf
from serving.pretrained import weights_folder
from serving.term_features import TermSpace

from .artifact_description import METRICS_FILE, describe_model, write_json
from .cheap_folds import out_of_fold_logits
from .cheap_model import (
    PAIR_BITS,
    calibrated,
    fit_cheap,
    known_terms,
    temperature_of,
    terms_of,
    token_shares,
    token_vectors,
)
from .classifier import folds_of
from .documents import Split
from .encoder import Encoder
from .graph_builder import FloatArray
from .metrics import agreement, evaluate, rounded
from .parameters import ParameterError, TrainingParameters
from .progress import Progress
from .verification import served


@dataclass(frozen=True)
class FittedLinear:
    """The calibrated model, its labels in the order of its output, and its temperature."""

    model: LinearModel
    labels: tuple[str, ...]
    temperature: float


def release_linear(
    split: Split,
    digest: str,
    target: Path,
    parameters: TrainingParameters,
    env: Mapping[str, str],
    progress: Progress,
) -> dict[str, Any]:
    """Fit, write and check the artifact. Its tokens and their vectors are the encoder's.

    Args:
        split: the documents.
        digest: of their files.
        target: the artifact's folder.
        parameters: how to fit.
        env: of the container.
        progress: told each step.

    Returns:
        The content of `metrics.json`.

    Raises:
        ParameterError: a cascade is asked for.
    """
    if parameters.cascade_folds:
        raise ParameterError("cascade_folds: method linear has no stage after it")
    encoder = Encoder.load(weights_folder(), parameters.max_tokens)
    tokens, asked = (
        encoder.tokenize([d.text for d in part]) for part in (split.train, split.held_out)
    )
    vectors = token_vectors(encoder.weights)
    fitted = fit_linear(tokens, [d.label for d in split.train], vectors, parameters)
    progress("fitted", temperature=round(fitted.temperature, 4))

    fitted.model.save(target / LINEAR_FILE)
    shutil.copyfile(encoder.tokenizer_file, target / "tokenizer.json")
    description = describe_model(LINEAR_FORMAT, fitted.labels, parameters, digest)
    write_json(target / MODEL_FILE, description)
    truth = [d.label for d in split.held_out]
    says = [answer.label for answer in served(target, split.held_out, env)]
    figures = evaluate(truth, says, fitted.labels)
    trained = [fitted.labels[k] for k in reference_labels(fitted.model, asked)]
    summary = {
        "accuracy": round(figures.accuracy, 4),
        "macro_f1": round(figures.macro_f1, 4),
        "agreement": round(agreement(trained, says), 4),
        "n_train": len(split.train),
        "n_test": len(split.held_out),
    }
    write_json(target / MODEL_FILE, description | {"metrics": summary})
    metrics = summary | {
        "per_class": rounded(figures),
        "regularization": parameters.regularization,
        "temperature": round(fitted.temperature, 4),
        "data_digest": digest,
        "parameters": parameters.as_dict(),
        "seconds": progress.seconds,
    }
    write_json(target / METRICS_FILE, metrics)
    progress("done", **summary)
    return metrics


def fit_linear(
    tokens: Sequence[Sequence[int]],
    labels: Sequence[str],
    vectors: FloatArray,
    parameters: TrainingParameters,
) -> FittedLinear:
    """Fit the model, and calibrate it on what it says of documents out of fold.

    Args:
        tokens: of each document.
        labels: one a document.
        vectors: of each token, see `token_vectors`.
        parameters: `folds`, lowered where a label has fewer documents (under 2, nothing is
            calibrated), and `regularization`.
    """
    classes = tuple(sorted(set(labels)))
    truth = [classes.index(label) for label in labels]
    space = TermSpace(len(vectors), PAIR_BITS)
    counts = terms_of(tokens, space)
    folds = min(parameters.folds, *Counter(labels).values())
    temperature = 1.0
    if folds > 1:
        logits = out_of_fold_logits(
            tokens,
            counts,
            truth,
            len(classes),
            space,
            folds_of(labels, folds),
            vectors,
            parameters.regularization,
        )
        temperature = temperature_of(logits, truth)
    model = fit_cheap(counts, truth, len(classes), space, vectors, parameters.regularization)
    return FittedLinear(calibrated(model, temperature), classes, temperature)


def reference_labels(model: LinearModel, tokens: Sequence[Sequence[int]]) -> list[int]:
    """Class of each document by a product of sparse matrices in double precision.

    What the served arithmetic answers to, as the encoder's does to its fp32 graph.
    """
    counts = terms_of(tokens, model.space)
    found = known_terms(counts, model.row_of)
    values = tf_idf(found, model.idf).astype(float)
    shape = len(tokens), len(model.idf)
    logits = csr_matrix((values, (found.documents, found.rows)), shape=shape) @ model.weight
    means = token_shares(counts, len(tokens), model.space).astype(float) @ model.token_weight
    return [int(k) for k in (logits + means + model.bias).argmax(axis=1)]
