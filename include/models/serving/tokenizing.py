"""The tokenizer of an artifact, and texts it refuses."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from .artifact import Artifact, ArtifactError


def load_tokenizer(folder: Path, artifact: Artifact) -> Tokenizer:
    """Load the tokenizer of the artifact in `folder`.

    Raises:
        ArtifactError: there is none.
    """
    return open_tokenizer(folder, artifact.tokenized_tokens)


def open_tokenizer(folder: Path, max_tokens: int) -> Tokenizer:
    """Load the tokenizer in `folder`, to cut at `max_tokens`.

    Raises:
        ArtifactError: there is none.
    """
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the tokenizer raises bare exceptions
        raise ArtifactError(f"cannot load the tokenizer in {folder}: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def tokenize(tokenizer: Tokenizer, texts: Sequence[str]) -> list[array[int]]:
    """Token ids of each text, as C ints.

    Raises:
        ValueError: the tokenizer refuses a text.
    """
    try:
        return [array("i", found.ids) for found in tokenizer.encode_batch_fast(texts)]
    except Exception as error:  # the tokenizer raises bare exceptions
        raise ValueError(str(error)) from error


def tokenize_each(tokenizer: Tokenizer, texts: Sequence[str]) -> list[array[int] | ValueError]:
    """The same, a text that is refused failing alone."""
    try:
        return list(tokenize(tokenizer, texts))
    except ValueError:
        return [_alone(tokenizer, text) for text in texts]


def _alone(tokenizer: Tokenizer, text: str) -> array[int] | ValueError:
    try:
        return tokenize(tokenizer, [text])[0]
    except ValueError as error:
        return error
