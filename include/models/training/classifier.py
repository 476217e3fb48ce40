"""The encoder's classifier by either method, and what it says of documents it has not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from serving.cascade import truncated
from serving.linear_model import softmax
from sklearn.model_selection import StratifiedKFold

from .cheap_model import temperature_of
from .documents import LabelledDocument
from .encoder import Encoder, run_fp32
from .graph_builder import FloatArray
from .head import Head, calibrated_head, cooled, fit_head, fit_head_at
from .parameters import Method, ParameterError, TrainingParameters
from .soup import uniform_soup

Progress = Callable[[int, float], None]

MIN_CALIBRATION_DOCUMENTS = 100
"""Fewer held-out documents do not tell how sure a fine-tuned classifier may be."""


@dataclass(frozen=True)
class Corpus:
    """Documents to fit on.

    Attributes:
        tokens: what the encoder reads of each.
        embeddings: of the pretrained encoder, shape [documents, hidden].
        labels: one a document.
    """

    tokens: Sequence[Sequence[int]]
    embeddings: FloatArray
    labels: Sequence[str]

    def part(self, positions: Sequence[int]) -> Corpus:
        """Some of the documents."""
        return Corpus(
            [self.tokens[p] for p in positions],
            self.embeddings[list(positions)],
            [self.labels[p] for p in positions],
        )


@dataclass(frozen=True)
class Fold:
    """Positions of the documents to fit on, and of those to ask about."""

    fitted: list[int]
    asked: list[int]


def fit_classifier(
    encoder: Encoder, corpus: Corpus, parameters: TrainingParameters, progress: Progress
) -> tuple[Encoder, Head]:
    """Fit the head, and with `fine-tune` the encoder as well; a frozen encoder's is calibrated.

    What a fine-tuned one is sure of is told by documents that it was not fitted on:
    `calibrated_on`.

    Args:
        encoder: the pretrained one.
        corpus: what to fit on.
        parameters: the method and its settings.
        progress: told each epoch of fine-tuning, from 1, and its mean loss in nats.

    Raises:
        ParameterError: fine-tuning in an image without torch.
    """
    head = fit_head(corpus.embeddings, corpus.labels, parameters.folds)
    if parameters.method is Method.FROZEN:
        head = calibrated_head(head, corpus.embeddings, corpus.labels, parameters.folds)
    return _with_method(encoder, head, corpus, parameters, progress)


def calibrated_on(head: Head, probabilities: FloatArray, labels: Sequence[str]) -> Head:
    """The head under the temperature that fits best what its classifier said of some documents.

    A single number, which changes no label. Left as it is where they are too few to tell, or all
    are answered rightly: then no confidence would be too high.

    Args:
        head: the classifier's.
        probabilities: of documents that it was not fitted on, shape [documents, classes].
        labels: one a document.
    """
    truth = np.array([head.labels.index(label) for label in labels])
    if len(truth) < MIN_CALIBRATION_DOCUMENTS or (probabilities.argmax(axis=1) == truth).all():
        return head
    logits = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    return cooled(head, temperature_of(logits, truth.tolist()))


def folds_of(labels: Sequence[str], folds: int) -> list[Fold]:
    """Split by label, each document asked about once.

    Raises:
        ParameterError: fewer than two folds, or a label has fewer documents than there are folds.
    """
    rarest = min(Counter(labels).values())
    if not 2 <= folds <= rarest:
        raise ParameterError(f"{folds} folds of labels of which one has {rarest} documents")
    split = StratifiedKFold(folds, shuffle=True, random_state=0).split(labels, labels)
    return [Fold(fitted.tolist(), asked.tolist()) for fitted, asked in split]


def out_of_fold_probabilities(
    encoder: Encoder,
    corpus: Corpus,
    head: Head,
    folds: Sequence[Fold],
    parameters: TrainingParameters,
    progress: Progress,
) -> FloatArray:
    """What classifiers that were fitted without a document say of it.

    Args:
        encoder: the pretrained one.
        corpus: all documents.
        head: of the final classifier, for its regularization and its temperature.
        folds: of `folds_of`.
        parameters: as of the final classifier.
        progress: as in `fit_classifier`.

    Returns:
        Class probabilities, of shape [documents, classes], in the order of the head's labels.
    """
    found = np.zeros((len(corpus.labels), len(head.labels)), dtype=np.float32)
    for fold in folds:
        part = corpus.part(fold.fitted)
        first = fit_head_at(part.embeddings, part.labels, head.regularization)
        fitted, its_head = _with_method(encoder, first, part, parameters, progress)
        its_head = cooled(its_head, head.temperature)
        asked = corpus.part(fold.asked)
        if parameters.method is Method.FROZEN:
            found[fold.asked] = softmax(asked.embeddings @ its_head.weight + its_head.bias)
        else:
            found[fold.asked] = fp32_probabilities(fitted, its_head, asked.tokens, parameters)
    return found


def fp32_probabilities(
    encoder: Encoder,
    head: Head,
    tokens: Sequence[Sequence[int]],
    parameters: TrainingParameters,
) -> FloatArray:
    """What a classifier says of documents, of shape [documents, classes]."""
    graph = encoder.classifier_model(head.weight, head.bias)
    return run_fp32(graph, tokens, parameters.max_tokens)


def read_by_the_encoder(
    encoder: Encoder, documents: Sequence[LabelledDocument], parameters: TrainingParameters
) -> list[list[int]]:
    """The tokens that a classifier reads of each document."""
    tokens = encoder.tokenize([document.text for document in documents])
    return [truncated(ids, parameters.max_tokens) for ids in tokens]


def _with_method(
    encoder: Encoder,
    head: Head,
    corpus: Corpus,
    parameters: TrainingParameters,
    progress: Progress,
) -> tuple[Encoder, Head]:
    if parameters.method is Method.FROZEN:
        return encoder, head
    try:
        from .fine_tuning import FineTuning, fine_tune
    except ImportError as error:
        raise ParameterError(f"method fine-tune needs the torch image: {error}") from error
    if parameters.soup < 1:
        raise ParameterError(f"a soup of {parameters.soup} models")

    def fine_tuned(seed: int) -> tuple[Encoder, Head]:
        how = FineTuning(parameters.epochs, parameters.batch_tokens, parameters.learning_rate, seed)
        return fine_tune(encoder, head, corpus.tokens, corpus.labels, how, progress)

    return uniform_soup(map(fine_tuned, range(parameters.seed, parameters.seed + parameters.soup)))
