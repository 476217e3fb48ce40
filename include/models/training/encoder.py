"""The encoder's files, and its embeddings in fp32: the reference every other format answers to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from safetensors.numpy import load_file
from serving.batching import BatchPolicy, plan_batches
from serving.encoder_shape import EncoderShape
from serving.packing import Feeds, pad
from tokenizers import Tokenizer

from .encoder_graph import add_encoder, add_head, as_model
from .graph_builder import FloatArray, GraphBuilder
from .graph_layout import Layout, Padded

LENGTH_STEP = 16
_BUDGET_TOKENS = 1024


@dataclass(frozen=True)
class Encoder:
    """The pretrained weights and the tokenizer that belongs to them."""

    weights: dict[str, NDArray[Any]]
    shape: EncoderShape
    tokenizer: Tokenizer
    tokenizer_file: Path
    weights_sha256: str

    @classmethod
    def load(cls, folder: Path, max_tokens: int) -> Encoder:
        """Load from a folder with `model.safetensors`, `config.json` and `tokenizer.json`."""
        weights_file = folder / "model.safetensors"
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_tokens)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(
            weights=load_file(weights_file),
            shape=EncoderShape.from_config(config),
            tokenizer=tokenizer,
            tokenizer_file=folder / "tokenizer.json",
            weights_sha256=hashlib.sha256(weights_file.read_bytes()).hexdigest(),
        )

    @property
    def hidden(self) -> int:
        """The embedding's width."""
        return self.shape.hidden

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text."""
        return [found.ids for found in self.tokenizer.encode_batch(list(texts))]

    def embedding_model(self) -> onnx.ModelProto:
        """The graph from padded tokens to a unit-length embedding."""
        graph, layout = GraphBuilder(), Padded()
        embedding = add_encoder(graph, self.weights, self.shape, layout)
        return as_model(graph, layout, embedding, self.hidden)

    def classifier_model(
        self, weight: FloatArray, bias: FloatArray, layout: Layout | None = None
    ) -> onnx.ModelProto:
        """The graph from tokens to probabilities.

        Args:
            weight: the head's, see `add_head` for the shapes.
            bias: the head's.
            layout: how documents lie in the tensors, by default padded.
        """
        graph, chosen = GraphBuilder(), layout or Padded()
        embedding = add_encoder(graph, self.weights, self.shape, chosen)
        return as_model(graph, chosen, add_head(graph, embedding, weight, bias), bias.shape[0])


def run_fp32(
    model: onnx.ModelProto, tokens: Sequence[Sequence[int]], max_tokens: int
) -> FloatArray:
    """Run a graph in onnxruntime, fp32.

    Returns:
        One row a document, in the documents' order.
    """
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    rows: dict[int, FloatArray] = {}
    for positions, feeds in padded_batches(tokens, max_tokens):
        for position, row in zip(positions, session.run(None, feeds)[0], strict=True):
            rows[position] = row
    return np.stack([rows[position] for position in range(len(tokens))])


def padded_batches(
    tokens: Sequence[Sequence[int]], max_tokens: int
) -> Iterator[tuple[tuple[int, ...], Feeds]]:
    """Batches as the graph takes them, with the positions of their documents."""
    policy = BatchPolicy(max_tokens, _BUDGET_TOKENS, LENGTH_STEP)
    for batch in plan_batches([len(found) for found in tokens], policy):
        yield batch.positions, pad([tokens[p] for p in batch.positions], batch.length)
