"""One chunk of a shard: from its lines to tokens, and from the models' answers to lines.

What a document costs in Python is spent here, in the tokenizing processes, and not in the one
process that drives the device. Needs no torch.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from serving.artifact import Artifact, load_artifact
from serving.cascade import Cascade, truncated
from serving.heads import Heads
from serving.records import Answer, Fault, FaultCode, Parsed, Record, Stage
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
        cheap: for each model the cheap stage's probabilities of those documents, of shape
            [documents sent, classes]; None where it has no such stage.
        flat: the token ids of those documents, end to end, int32.
        lengths: the tokens of each, int32; rising, so that neighbours are of similar length.
        tokens: read of the whole chunk.
        faults: records that cannot be classified.
    """

    answers: list[list[Answer | None]]
    sent: list[tuple[int, str]]
    cheap: list[NDArray[np.float32] | None]
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
        self._heads = [Heads(artifact) for artifact in self._artifacts]
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
        cheap = self._answer_cheaply(found, answers)
        left = [
            position
            for position, (slot, _, _) in enumerate(found)
            if any(row[slot] is None for row in answers)
        ]
        sent = [truncated(found[position][2], self._max_tokens) for position in left]
        order = sorted(range(len(left)), key=lambda place: len(sent[place]))
        left, sent = [left[place] for place in order], [sent[place] for place in order]
        flat = array("i")
        for tokens in sent:
            flat.extend(tokens)
        return Chunk(
            answers=answers,
            sent=[found[position][:2] for position in left],
            cheap=[None if rows is None else rows[left] for rows in cheap],
            flat=np.frombuffer(flat, dtype=np.int32) if flat else np.zeros(0, dtype=np.int32),
            lengths=np.fromiter(map(len, sent), dtype=np.int32, count=len(sent)),
            tokens=read,
            faults=len(faults),
        )

    @property
    def nothing(self) -> NDArray[np.float32]:
        """What the device answers where no document was sent."""
        return np.zeros((0, sum(sum(a.classes) for a in self._artifacts)), dtype=np.float32)

    def write(self, chunk: Chunk, probabilities: NDArray[np.float32]) -> list[bytes]:
        """Fill in what the device answered.

        Args:
            chunk: what `read` gave.
            probabilities: of the documents sent, the models' side by side.

        Returns:
            For each model the chunk's response lines.
        """
        ends = np.cumsum([sum(artifact.classes) for artifact in self._artifacts])
        for model, said in enumerate(np.split(probabilities, ends[:-1], axis=1)):
            row = chunk.answers[model]
            cascade, cheap = self._cascades[model], chunk.cheap[model]
            stage = None
            if cascade is not None and cheap is not None:
                stage, said = Stage.ENCODER, cascade.pooled(cheap, said)
            answered = zip(chunk.sent, self._heads[model].read(said), strict=True)
            for (slot, id_), found in answered:
                if row[slot] is None:
                    row[slot] = found.of(id_, stage)
        return [b"".join(map(format_json_line, cast("list[Answer]", row))) for row in chunk.answers]

    def _answer_cheaply(
        self,
        documents: Sequence[tuple[int, str, array[int]]],
        answers: list[list[Answer | None]],
    ) -> list[NDArray[np.float32] | None]:
        """Fill in what cheap stages are sure of; return their probabilities of all documents."""
        found: list[NDArray[np.float32] | None] = []
        for heads, cascade, row in zip(self._heads, self._cascades, answers, strict=True):
            if cascade is None:
                found.append(None)
                continue
            cheap = cascade.probabilities([tokens for _, _, tokens in documents])
            found.append(cheap)
            sure = np.flatnonzero(cascade.is_sure(cheap))
            for position, said in zip(sure.tolist(), heads.read(cheap[sure]), strict=True):
                slot, id_, _ = documents[position]
                row[slot] = said.of(id_, Stage.CHEAP)
        return found


def _parsed(source: Source) -> list[Parsed]:
    if source and isinstance(source[0], bytes):
        return list(parse_json_lines(cast("Sequence[bytes]", source)))
    return list(cast("Sequence[Parsed]", source))
