"""The MiniLM encoder as an ONNX graph, built straight from its safetensors file.

The graph is written node by node with the `onnx` helper, so neither torch nor an exporter is
needed. It follows BERT (Devlin et al., 2018): post-layer-normalized blocks, erf GELU, absolute
positions, and ends as sentence-transformers ends all-MiniLM-L6-v2: mean pooling over the mask,
then L2 normalization.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from serving.encoder_shape import EncoderShape

from .graph_builder import FloatArray, GraphBuilder
from .graph_layout import Layout

OPSET = 20
MASKED_SCORE = -10_000.0
"""Added to the attention score of padding; exp() of it is exactly zero in fp32."""

Weights = Mapping[str, NDArray[Any]]


def add_encoder(graph: GraphBuilder, weights: Weights, shape: EncoderShape, layout: Layout) -> str:
    """Add the encoder on the inputs of `layout`.

    Returns:
        The name of the sentence embedding, float32 of shape [batch, hidden], of unit length.
    """
    mask = layout.mask(graph)
    rows = _add_states(graph, weights, shape, layout, mask)
    return _pool(graph, mask, rows)


def add_first_token(
    graph: GraphBuilder, weights: Weights, shape: EncoderShape, layout: Layout
) -> str:
    """Add the encoder; return its state of the first token, float32 of shape [batch, hidden]."""
    rows = _add_states(graph, weights, shape, layout, layout.mask(graph))
    first = graph.node("Gather", [rows, graph.integers("first", 0)], "first_token/row", axis=1)
    return graph.node("Squeeze", [first, graph.integers("axis_1", 1)], "first_token")


def add_head(graph: GraphBuilder, embedding: str, weight: FloatArray, bias: FloatArray) -> str:
    """Add a linear head and a softmax.

    Args:
        graph: the graph that already holds the encoder.
        embedding: the name of a tensor of shape [batch, hidden].
        weight: shape [hidden, classes].
        bias: shape [classes].

    Returns:
        The name of the class probabilities, shape [batch, classes].
    """
    graph.constant("head/weight", weight)
    graph.constant("head/bias", bias)
    product = graph.node("MatMul", [embedding, "head/weight"], "head/product")
    logits = graph.node("Add", [product, "head/bias"], "head/logits")
    return graph.node("Softmax", [logits], "probabilities", axis=-1)


def as_model(graph: GraphBuilder, layout: Layout, output: str, width: int) -> onnx.ModelProto:
    """Close the graph: dynamic batch and length in, one [batch, width] tensor out."""
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", width])]
    body = helper.make_graph(
        graph.nodes, "twolane", layout.inputs(), outputs, list(graph.constants.values())
    )
    model = helper.make_model(
        body, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="twolane"
    )
    model.ir_version = 10
    onnx.checker.check_model(model)
    return model


def _add_states(
    graph: GraphBuilder, weights: Weights, shape: EncoderShape, layout: Layout, mask: str
) -> str:
    """Add the blocks; return every token's state, of shape [batch, length, hidden]."""
    layer = _Layer(graph, weights, shape, layout, _attention_bias(graph, mask))
    state = _embed_tokens(graph, weights, shape, layout)
    for number in range(shape.layers):
        state = layer.add(f"encoder.layer.{number}", state)
    return layout.to_rows(graph, state, shape.hidden, "pool")


def _embed_tokens(
    graph: GraphBuilder, weights: Weights, shape: EncoderShape, layout: Layout
) -> str:
    words = graph.constant("embeddings/word", weights["embeddings.word_embeddings.weight"])
    # Every token is of segment 0 here, so that row is folded into the position table.
    positions = (
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    table = graph.constant("embeddings/position", positions)
    word = graph.node("Gather", [words, layout.tokens()], "embeddings/word/rows", axis=0)
    total = graph.node("Add", [word, layout.positions(graph, table)], "embeddings/sum")
    return _layer_norm(graph, weights, shape, "embeddings.LayerNorm", total)


def _attention_bias(graph: GraphBuilder, mask: str) -> str:
    spread = graph.node("Unsqueeze", [mask, graph.integers("axes_1_2", 1, 2)], "mask/spread")
    hidden = graph.node("Sub", [graph.number("one", 1), spread], "mask/hidden")
    return graph.node("Mul", [hidden, graph.number("masked", MASKED_SCORE)], "mask/bias")


@dataclass(frozen=True)
class _Layer:
    """One transformer block, added as often as the encoder has layers."""

    graph: GraphBuilder
    weights: Weights
    shape: EncoderShape
    layout: Layout
    bias: str

    def add(self, prefix: str, state: str) -> str:
        """Add the block whose weights begin with `prefix`; returns its state."""
        attended = self._attention(f"{prefix}.attention.self", state)
        projected = self._dense(f"{prefix}.attention.output.dense", attended)
        summed = self.graph.node("Add", [projected, state], f"{prefix}/attention/residual")
        state = self._layer_norm(f"{prefix}.attention.output.LayerNorm", summed)
        wide = self._dense(f"{prefix}.intermediate.dense", state)
        active = self.graph.node("Gelu", [wide], f"{prefix}/gelu")
        narrow = self._dense(f"{prefix}.output.dense", active)
        summed = self.graph.node("Add", [narrow, state], f"{prefix}/output/residual")
        return self._layer_norm(f"{prefix}.output.LayerNorm", summed)

    def _attention(self, prefix: str, state: str) -> str:
        graph = self.graph
        query = self._heads(prefix, "query", state, (0, 2, 1, 3))
        key = self._heads(prefix, "key", state, (0, 2, 3, 1))
        value = self._heads(prefix, "value", state, (0, 2, 1, 3))
        scale = graph.number("scale", (self.shape.hidden // self.shape.heads) ** -0.5)
        scores = graph.node("MatMul", [query, key], f"{prefix}/scores")
        scaled = graph.node("Mul", [scores, scale], f"{prefix}/scaled")
        biased = graph.node("Add", [scaled, self.bias], f"{prefix}/biased")
        share = graph.node("Softmax", [biased], f"{prefix}/softmax", axis=-1)
        mixed = graph.node("MatMul", [share, value], f"{prefix}/mixed")
        back = graph.node("Transpose", [mixed], f"{prefix}/back", perm=[0, 2, 1, 3])
        hidden = self.shape.hidden
        joined = graph.integers("joined", 0, 0, hidden)
        rows = graph.node("Reshape", [back, joined], f"{prefix}/joined")
        return self.layout.from_rows(graph, rows, hidden, prefix)

    def _heads(self, prefix: str, part: str, state: str, order: tuple[int, ...]) -> str:
        graph, shape, name = self.graph, self.shape, f"{prefix}/{part}"
        flat = self._dense(f"{prefix}.{part}", state)
        rows = self.layout.to_rows(graph, flat, shape.hidden, name)
        split = graph.integers("heads", 0, 0, shape.heads, shape.hidden // shape.heads)
        shaped = graph.node("Reshape", [rows, split], f"{name}/heads")
        return graph.node("Transpose", [shaped], f"{name}/turned", perm=list(order))

    def _dense(self, prefix: str, state: str) -> str:
        graph = self.graph
        weight = graph.constant(f"{prefix}.weight", self.weights[f"{prefix}.weight"].T)
        bias = graph.constant(f"{prefix}.bias", self.weights[f"{prefix}.bias"])
        product = graph.node("MatMul", [state, weight], f"{prefix}/product")
        return graph.node("Add", [product, bias], f"{prefix}/sum")

    def _layer_norm(self, prefix: str, state: str) -> str:
        return _layer_norm(self.graph, self.weights, self.shape, prefix, state)


def _layer_norm(
    graph: GraphBuilder, weights: Weights, shape: EncoderShape, prefix: str, state: str
) -> str:
    scale = graph.constant(f"{prefix}.weight", weights[f"{prefix}.weight"])
    bias = graph.constant(f"{prefix}.bias", weights[f"{prefix}.bias"])
    return graph.node(
        "LayerNormalization",
        [state, scale, bias],
        f"{prefix}/normalized",
        axis=-1,
        epsilon=shape.layer_norm_epsilon,
    )


def _pool(graph: GraphBuilder, mask: str, state: str) -> str:
    middle = graph.integers("axis_1", 1)
    weight = graph.node("Unsqueeze", [mask, graph.integers("axis_2", 2)], "pool/mask")
    kept = graph.node("Mul", [state, weight], "pool/kept")
    total = graph.node("ReduceSum", [kept, middle], "pool/sum", keepdims=0)
    count = graph.node("ReduceSum", [mask, middle], "pool/count", keepdims=1)
    # At least [CLS] and [SEP] are unmasked in every real row; the floor is for padding rows.
    safe = graph.node("Max", [count, graph.number("one", 1)], "pool/count/safe")
    mean = graph.node("Div", [total, safe], "pool/mean")
    norm = graph.node("ReduceL2", [mean, middle], "pool/norm", keepdims=1)
    norm = graph.node("Max", [norm, graph.number("tiny", 1e-9)], "pool/norm/safe")
    return graph.node("Div", [mean, norm], "embedding")
