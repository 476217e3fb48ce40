"""What stands on an encoder beside one linear head: a dense layer before it, or several heads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .graph_builder import FloatArray, GraphBuilder


def add_layer(
    graph: GraphBuilder, state: str, weight: FloatArray, bias: FloatArray, activation: str
) -> str:
    """Add a dense layer with an activation (`Tanh`, `Relu`) on a [batch, hidden] tensor.

    Args:
        graph: the graph.
        state: the tensor's name.
        weight: shape [hidden, width].
        bias: shape [width].
        activation: an operator of ONNX.
    """
    names = [
        graph.constant(f"dense/{name}", one) for name, one in zip("wb", (weight, bias), strict=True)
    ]
    product = graph.node("MatMul", [state, names[0]], "dense/product")
    total = graph.node("Add", [product, names[1]], "dense/sum")
    return graph.node(activation, [total], "dense/active")


def add_heads(
    graph: GraphBuilder, embedding: str, heads: Sequence[tuple[FloatArray, FloatArray]]
) -> str:
    """Add several linear heads in one product, and a softmax for each.

    Args:
        graph: the graph that already holds the encoder.
        embedding: the name of a tensor of shape [batch, hidden].
        heads: weight, of shape [hidden, classes], and bias of each.

    Returns:
        The name of the heads' probabilities side by side, shape [batch, sum of classes].
    """
    weight = graph.constant("heads/weight", np.hstack([weight for weight, _ in heads]))
    bias = graph.constant("heads/bias", np.concatenate([bias for _, bias in heads]))
    product = graph.node("MatMul", [embedding, weight], "heads/product")
    logits = graph.node("Add", [product, bias], "heads/logits")
    parts, start = [], 0
    for number, (_, one) in enumerate(heads):
        ends = [graph.integers(f"at_{place}", place) for place in (start, start + len(one))]
        inputs = [logits, *ends, graph.integers("axis_1", 1)]
        part = graph.node("Slice", inputs, f"head_{number}/logits")
        parts.append(graph.node("Softmax", [part], f"head_{number}/probabilities", axis=-1))
        start += len(one)
    return graph.node("Concat", parts, "probabilities", axis=1)
