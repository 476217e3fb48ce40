"""One chunk of a shard: from its lines to tokens, and from the models' answers to lines.

What a document costs in Python is spent here, in the tokenizing processes, and not in the one
process that drives the device. Needs no torch.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from serving.artifact import Artifact, load_artifact
from serving.cascade import Cascade, truncated
from serving.records import Answer, Fault, FaultCode, Parsed, Prediction, Record, Stage
from serving.tokenizing import load_tokenizer, tokenize_each
from serving.wire import format_json_line, parse_json_lines
from tokenizers import Tokenizer

Source = Sequence[bytes] | Sequence[Parsed]
"""Lines as they stand in the file, or records that were read already."""


@dataclass
class Chunk:
    """A chunk whose documents are with the device.

    Attributes:
        answers: for each model one place a record, empty where the device is to answer.
        sent: for each document that went to the device its place and its id, in that order.
        flat: the token ids of those documents, end to end, int32.
        lengths: the tokens of each, int32; rising, so that neighbours are of similar length.
        tokens: read of the whole chunk.
        faults: records that cannot be classified.
    """

    answers: list[list[Answer | None]]
    sent: list[tuple[int, str]]
    flat: NDArray[np.int32]
    lengths: NDArray[np.int32]
    tokens: int
    faults: int


class ChunkReader:
    """Reads and writes chunks for models that share a tokenizer.

    Args:
        folders: the models' unpacked artifacts.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._artifacts: list[Artifact] = [load_artifact(folder) for folder in folders]
        self._cascades = [
            Cascade.load(artifact, folder)
            for artifact, folder in zip(self._artifacts, folders, strict=True)
        ]
        self._max_tokens = self._artifacts[0].max_tokens
        self._max_characters = self._artifacts[0].tokenized_characters
        self._tokenizer: Tokenizer = load_tokenizer(folders[0], self._artifacts[0])

    def read(self, source: Source) -> Chunk:
        """Parse and tokenize; cheap stages answer what they are sure of."""
        records = _parsed(source)
        answers: list[list[Answer | None]] = [[None] * len(records) for _ in self._artifacts]
        good = [(slot, r) for slot, r in enumerate(records) if isinstance(r, Record)]
        texts = [record.text[: self._max_characters] for _, record in good]
        found: list[tuple[int, str, array[int]]] = []
        faults = [(slot, r) for slot, r in enumerate(records) if isinstance(r, Fault)]
        for (slot, record), tokens in zip(good, tokenize_each(self._tokenizer, texts), strict=True):
            if isinstance(tokens, ValueError):
                faults.append((slot, Fault(record.id, FaultCode.TOKENIZER_FAILED, str(tokens))))
            else:
                found.append((slot, record.id, tokens))
        for slot, fault in faults:
            for row in answers:
                row[slot] = fault
        read = sum(min(len(tokens), self._max_tokens) for _, _, tokens in found)
        left = self._left(found, answers)
        left.sort(key=lambda document: len(document[2]))
        flat = array("i")
        for _, _, tokens in left:
            flat.extend(tokens)
        return Chunk(
            answers=answers,
            sent=[(slot, id_) for slot, id_, _ in left],
            flat=np.frombuffer(flat, dtype=np.int32) if flat else np.zeros(0, dtype=np.int32),
            lengths=np.fromiter((len(t) for _, _, t in left), dtype=np.int32, count=len(left)),
            tokens=read,
            faults=len(faults),
        )

    def write(self, chunk: Chunk, labels: NDArray[Any], scores: NDArray[Any]) -> list[bytes]:
        """Fill in what the device answered.

        Args:
            chunk: what `read` gave.
            labels: the best label's index, of shape [documents sent, models].
            scores: its probability, of the same shape.

        Returns:
            For each model the chunk's response lines.
        """
        for model, row in enumerate(chunk.answers):
            names = self._artifacts[model].labels
            stage = Stage.ENCODER if self._cascades[model] else None
            answered = zip(
                chunk.sent, labels[:, model].tolist(), scores[:, model].tolist(), strict=True
            )
            for (slot, id_), label, score in answered:
                if row[slot] is None:
                    row[slot] = Prediction(id_, names[label], score, stage)
        return [b"".join(map(format_json_line, cast("list[Answer]", row))) for row in chunk.answers]

    def _left(
        self,
        documents: Sequence[tuple[int, str, array[int]]],
        answers: list[list[Answer | None]],
    ) -> list[tuple[int, str, array[int]]]:
        """What some model's encoder must answer, cut to what the encoder reads."""
        if documents and any(self._cascades):
            for artifact, cascade, row in zip(
                self._artifacts, self._cascades, answers, strict=True
            ):
                if cascade is None:
                    continue
                cheap = cascade.answers([tokens for _, _, tokens in documents])
                for (slot, id_, _), found in zip(documents, cheap, strict=True):
                    if found is not None:
                        label, score = found
                        row[slot] = Prediction(id_, artifact.labels[label], score, Stage.CHEAP)
        return [
            (slot, id_, truncated(tokens, self._max_tokens))
            for slot, id_, tokens in documents
            if any(row[slot] is None for row in answers)
        ]


def _parsed(source: Source) -> list[Parsed]:
    if source and isinstance(source[0], bytes):
        return list(parse_json_lines(cast("Sequence[bytes]", source)))
    return list(cast("Sequence[Parsed]", source))
