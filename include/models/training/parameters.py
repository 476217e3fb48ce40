"""The job's hyperparameters: SageMaker hands each over as a string."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any


class ParameterError(ValueError):
    """A hyperparameter is unknown or not of its type."""


class Method(StrEnum):
    """What is trained: a linear model of terms, a frozen encoder's head, or the encoder too.

    `import` and `bundle` train nothing: the channel holds a classifier that was trained elsewhere,
    or several whose encoder is the pretrained one.
    """

    LINEAR = "linear"
    FROZEN = "frozen"
    FINE_TUNE = "fine-tune"
    IMPORT = "import"
    BUNDLE = "bundle"


_OF_METHOD: Mapping[Method, Mapping[str, int]] = {
    # It reads what a cascade's cheap stage reads, at next to no cost.
    Method.LINEAR: {"max_tokens": 2048, "max_characters": 20_480},
    Method.FROZEN: {},
    Method.FINE_TUNE: {},
    Method.IMPORT: {},
    Method.BUNDLE: {},
}
"""Defaults that depend on the method."""


@dataclass(frozen=True)
class TrainingParameters:
    """What a training run may be told.

    Attributes:
        model_name: the registered model's name.
        max_tokens: documents are truncated to so many tokens; `linear` reads 2,048 by default.
        max_characters: texts are cut to so many characters before tokenizing; ten a token keeps
            the ids of English text unchanged; 20,480 by default for `linear`.
        held_out_percent: documents held out for testing, in percent.
        split_seed: another one holds out other documents.
        calibration_documents: documents the int8 ranges are measured on.
        min_agreement: int8 and fp32 must agree on this share of the held-out labels.
        folds: folds of the cross-validation that chooses the head's regularization, and that
            calibrates `linear`.
        regularization: of `linear`, as scikit-learn's C.
        method: `fine-tune` needs the torch image.
        epochs: of fine-tuning, as are the four that follow.
        batch_tokens: tokens of one step, about.
        learning_rate: the encoder's highest.
        seed: of the documents' order and of dropout.
        soup: fine-tunings whose weights are averaged, each with a seed of its own: `seed` and the
            next ones.
        cascade_folds: folds in which both stages of a cascade are trained anew, to compare them on
            documents that neither was fitted on; 0 looks for no cascade.
        cascade_max_loss: accuracy that a cascade may cost, 0 to 1.
        cascade_confidence: with which a greater loss must be ruled out, 0 to 1.
        cascade_max_tokens: what the cheap stage reads of a document.
        cascade_max_characters: texts are cut to so many characters for it.
    """

    model_name: str = "news-topic"
    max_tokens: int = 256
    max_characters: int = 2560
    held_out_percent: int = 20
    split_seed: int = 0
    calibration_documents: int = 200
    min_agreement: float = 0.95
    folds: int = 5
    regularization: float = 30.0
    method: Method = Method.FROZEN
    epochs: int = 3
    batch_tokens: int = 2048
    learning_rate: float = 5e-5
    seed: int = 0
    soup: int = 1
    cascade_folds: int = 0
    cascade_max_loss: float = 0.002
    cascade_confidence: float = 0.95
    cascade_max_tokens: int = 2048
    cascade_max_characters: int = 20_480

    @property
    def tokenized_tokens(self) -> int:
        """Tokens that any stage reads of a document."""
        return max(self.max_tokens, self.cascade_max_tokens if self.cascade_folds else 0)

    @property
    def tokenized_characters(self) -> int:
        """Characters that any stage reads of a document."""
        return max(self.max_characters, self.cascade_max_characters if self.cascade_folds else 0)

    @classmethod
    def from_strings(cls, values: Mapping[str, str]) -> TrainingParameters:
        """Parse hyperparameters; those that SageMaker's own SDK adds (`sagemaker_*`) are skipped.

        Raises:
            ParameterError: an unknown name, or a value of the wrong type.
        """
        kinds: dict[str, Any] = {f.name: type(f.default) for f in fields(cls)}
        values = {k: v for k, v in values.items() if not k.startswith("sagemaker_")}
        unknown = sorted(set(values) - set(kinds))
        if unknown:
            raise ParameterError(f"unknown hyperparameters: {', '.join(unknown)}")
        parsed = {}
        for name, text in values.items():
            try:
                parsed[name] = kinds[name](text)
            except ValueError as error:
                raise ParameterError(f"hyperparameter {name}: {error}") from error
        method = parsed.get("method", cls.method)
        return cls(**{**_OF_METHOD[method], **parsed})

    def as_dict(self) -> dict[str, str | int | float]:
        """Name to value, for the metrics file."""
        return asdict(self)


def read_parameters(path: Path) -> TrainingParameters:
    """Read `hyperparameters.json`; an absent file means the defaults."""
    if not path.exists():
        return TrainingParameters()
    return TrainingParameters.from_strings(json.loads(path.read_text(encoding="utf-8")))
