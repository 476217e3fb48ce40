"""A classifier's folder as Hugging Face's `save_pretrained` leaves it, looked at first.

What can be told from the files alone is told here, with what to do about it; whether the tensors
are those of the configuration, the training container tells.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.domain.errors import ReleaseFailed

CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer.json"
WEIGHTS_FILE = "model.safetensors"

_MAX_HEADER_BYTES = 100 * 2**20
"""As the format has it."""

_BROKEN_HEADER = (
    *(ValueError, KeyError, TypeError, AttributeError, IndexError),
    *(OverflowError, RecursionError),  # an offset of Infinity, arrays in arrays
)

_REMEDIES = {
    CONFIG_FILE: "it is written by model.save_pretrained(folder)",
    TOKENIZER_FILE: "a fast tokenizer writes it: "
    "AutoTokenizer.from_pretrained(folder).save_pretrained(folder)",
    WEIGHTS_FILE: "model.save_pretrained(folder, safe_serialization=True) writes it",
}


@dataclass(frozen=True, slots=True)
class PretrainedFiles:
    """The files of a classifier.

    Attributes:
        config: `config.json`.
        tokenizer: `tokenizer.json`.
        weights: `model.safetensors`.
        labels: what it answers with, in the order of its output.
        max_tokens: as many as it has positions for.
    """

    config: Path
    tokenizer: Path
    weights: Path
    labels: tuple[str, ...]
    max_tokens: int


def look_at(model: Path, tokenizer: Path | None = None) -> PretrainedFiles:
    """Check a folder.

    Args:
        model: has the configuration and the weights.
        tokenizer: has the tokenizer, where that is another folder.

    Raises:
        ReleaseFailed: a file is missing or broken; the message names it and says what to do.
    """
    if not model.is_dir():
        raise ReleaseFailed(f"{model}: no such folder")
    config = _file(model, CONFIG_FILE)
    weights = _weights(model)
    tokens = _file(tokenizer or model, TOKENIZER_FILE)
    described = _read_object(config)
    _read_object(tokens)
    _check_complete(weights)
    names = described.get("id2label")
    if not isinstance(names, dict) or len(names) < 2:
        raise ReleaseFailed(
            f"{config}: id2label names no two labels: only classifiers can be imported"
        )
    return PretrainedFiles(config, tokens, weights, _labels(names, config), _positions(described))


def _labels(names: dict[str, Any], config: Path) -> tuple[str, ...]:
    """Return the labels by number: a file may have them by text, 10 before 2."""
    if set(names) != {str(number) for number in range(len(names))}:
        raise ReleaseFailed(f"{config}: id2label does not number the labels from 0 on")
    labels = tuple(str(names[str(number)]) for number in range(len(names)))
    if len(set(labels)) < len(labels):
        raise ReleaseFailed(f"{config}: id2label names two classes alike: {', '.join(labels)}")
    return labels


def _positions(config: dict[str, Any]) -> int:
    positions = config.get("max_position_embeddings")
    if not isinstance(positions, int):
        return 512
    # RoBERTa counts its positions from the padding's id on.
    return positions - 2 if config.get("model_type") == "roberta" else positions


def _file(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise ReleaseFailed(f"{folder} has no {name}: {_REMEDIES[name]}")
    return path


def _weights(folder: Path) -> Path:
    if not (folder / WEIGHTS_FILE).is_file():
        if (folder / f"{WEIGHTS_FILE}.index.json").is_file():
            raise ReleaseFailed(
                f"{folder}: the weights are in several files; save them as one: "
                'model.save_pretrained(folder, max_shard_size="10GB")'
            )
        if found := sorted(path.name for path in folder.glob("*.bin")):
            raise ReleaseFailed(
                f"{folder} has {found[0]} and no {WEIGHTS_FILE}: pickled weights are not read, as "
                f"they can run code; {_REMEDIES[WEIGHTS_FILE]}"
            )
    return _file(folder, WEIGHTS_FILE)


def _read_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as exc:
        raise ReleaseFailed(f"{path} cannot be read: {exc}; copy it again from its source") from exc
    if not isinstance(value, dict):
        raise ReleaseFailed(f"{path} is no JSON object; copy it again from its source")
    return value


def _check_complete(path: Path) -> None:
    """Hold a file of safetensors against its own header: a download cut short is found here."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or not 0 < length <= min(size - 8, _MAX_HEADER_BYTES):
            raise ReleaseFailed(f"{path} is no file of safetensors; copy it again from its source")
        try:
            header = json.loads(file.read(length))
            ends = [
                int(entry["data_offsets"][1])
                for name, entry in header.items()
                if name != "__metadata__"
            ]
        except _BROKEN_HEADER as exc:
            raise ReleaseFailed(f"{path}: its header cannot be read: {exc!r}") from exc
    expected = 8 + length + max(ends, default=0)
    if size != expected:
        raise ReleaseFailed(
            f"{path} has {size:,} bytes, its header says {expected:,}: "
            "copy it again from its source"
        )
