"""The MiniLM encoder as an ONNX graph, built straight from its safetensors file.

The graph is written node by node with the `onnx` helper, so neither torch nor an exporter is
needed. It follows BERT (Devlin et al., 2018): post-layer-normalized blocks, erf GELU, absolute
positions, and ends as sentence-transformers ends all-MiniLM-L6-v2: mean pooling over the mask,
then L2 normalization.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from serving.encoder_shape import EncoderShape

FloatArray = NDArray[np.float32]

OPSET = 20
MASKED_SCORE = -10_000.0
"""Added to the attention score of padding; exp() of it is exactly zero in fp32."""


@dataclass
class GraphBuilder:
    """Collects nodes and constants; every method returns the name of its output tensor."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Add a constant once; the name is its identity."""
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(self, op: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """Add a node that has one output, named as the node is."""
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name


def add_encoder(
    graph: GraphBuilder, weights: Mapping[str, NDArray[Any]], shape: EncoderShape
) -> str:
    """Add the encoder on `input_ids` and `attention_mask`, both int64 of shape [batch, length].

    Returns:
        The name of the sentence embedding, float32 of shape [batch, hidden], of unit length.
    """
    state = _embed_tokens(graph, weights, shape)
    mask = graph.node("Cast", ["attention_mask"], "mask/float", to=TensorProto.FLOAT)
    bias = _attention_bias(graph, mask)
    for layer in range(shape.layers):
        state = _add_layer(graph, weights, shape, layer, state, bias)
    return _pool(graph, mask, state)


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


def as_model(graph: GraphBuilder, output: str, width: int) -> onnx.ModelProto:
    """Close the graph: dynamic batch and length in, one [batch, width] tensor out."""
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
        for name in ("input_ids", "attention_mask")
    ]
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", width])]
    body = helper.make_graph(
        graph.nodes, "twolane", inputs, outputs, list(graph.constants.values())
    )
    model = helper.make_model(
        body, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="twolane"
    )
    model.ir_version = 10
    onnx.checker.check_model(model)
    return model


def _embed_tokens(
    graph: GraphBuilder, weights: Mapping[str, NDArray[Any]], shape: EncoderShape
) -> str:
    words = graph.constant("embeddings/word", weights["embeddings.word_embeddings.weight"])
    # Every token is of segment 0 here, so that row is folded into the position table.
    positions = (
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    table = graph.constant("embeddings/position", positions)
    word = graph.node("Gather", [words, "input_ids"], "embeddings/word/rows", axis=0)
    length = graph.node("Shape", ["input_ids"], "embeddings/length", start=1, end=2)
    start = graph.constant("const/zero", np.array([0], dtype=np.int64))
    rows = graph.node("Slice", [table, start, length, start], "embeddings/position/rows")
    total = graph.node("Add", [word, rows], "embeddings/sum")
    return _layer_norm(graph, weights, shape, "embeddings.LayerNorm", total)


def _attention_bias(graph: GraphBuilder, mask: str) -> str:
    axes = graph.constant("const/axes_1_2", np.array([1, 2], dtype=np.int64))
    one = graph.constant("const/one", np.array(1.0, dtype=np.float32))
    low = graph.constant("const/masked", np.array(MASKED_SCORE, dtype=np.float32))
    spread = graph.node("Unsqueeze", [mask, axes], "mask/spread")
    hidden = graph.node("Sub", [one, spread], "mask/hidden")
    return graph.node("Mul", [hidden, low], "mask/bias")


def _add_layer(
    graph: GraphBuilder,
    weights: Mapping[str, NDArray[Any]],
    shape: EncoderShape,
    layer: int,
    state: str,
    bias: str,
) -> str:
    prefix = f"encoder.layer.{layer}"
    attended = _attention(graph, weights, shape, f"{prefix}.attention.self", state, bias)
    projected = _dense(graph, weights, f"{prefix}.attention.output.dense", attended)
    summed = graph.node("Add", [projected, state], f"{prefix}/attention/residual")
    state = _layer_norm(graph, weights, shape, f"{prefix}.attention.output.LayerNorm", summed)
    wide = _dense(graph, weights, f"{prefix}.intermediate.dense", state)
    active = graph.node("Gelu", [wide], f"{prefix}/gelu")
    narrow = _dense(graph, weights, f"{prefix}.output.dense", active)
    summed = graph.node("Add", [narrow, state], f"{prefix}/output/residual")
    return _layer_norm(graph, weights, shape, f"{prefix}.output.LayerNorm", summed)


def _attention(
    graph: GraphBuilder,
    weights: Mapping[str, NDArray[Any]],
    shape: EncoderShape,
    prefix: str,
    state: str,
    bias: str,
) -> str:
    width = shape.hidden // shape.heads
    split = graph.constant("const/heads", np.array([0, 0, shape.heads, width], dtype=np.int64))
    join = graph.constant("const/joined", np.array([0, 0, shape.hidden], dtype=np.int64))
    scale = graph.constant("const/scale", np.array(width**-0.5, dtype=np.float32))

    def heads(part: str, order: tuple[int, ...]) -> str:
        flat = _dense(graph, weights, f"{prefix}.{part}", state)
        shaped = graph.node("Reshape", [flat, split], f"{prefix}/{part}/heads")
        return graph.node("Transpose", [shaped], f"{prefix}/{part}/turned", perm=list(order))

    query = heads("query", (0, 2, 1, 3))
    key = heads("key", (0, 2, 3, 1))
    value = heads("value", (0, 2, 1, 3))
    scores = graph.node("MatMul", [query, key], f"{prefix}/scores")
    scaled = graph.node("Mul", [scores, scale], f"{prefix}/scaled")
    biased = graph.node("Add", [scaled, bias], f"{prefix}/biased")
    share = graph.node("Softmax", [biased], f"{prefix}/softmax", axis=-1)
    mixed = graph.node("MatMul", [share, value], f"{prefix}/mixed")
    back = graph.node("Transpose", [mixed], f"{prefix}/back", perm=[0, 2, 1, 3])
    return graph.node("Reshape", [back, join], f"{prefix}/joined")


def _dense(
    graph: GraphBuilder, weights: Mapping[str, NDArray[Any]], prefix: str, state: str
) -> str:
    weight = graph.constant(f"{prefix}.weight", weights[f"{prefix}.weight"].T)
    bias = graph.constant(f"{prefix}.bias", weights[f"{prefix}.bias"])
    product = graph.node("MatMul", [state, weight], f"{prefix}/product")
    return graph.node("Add", [product, bias], f"{prefix}/sum")


def _layer_norm(
    graph: GraphBuilder,
    weights: Mapping[str, NDArray[Any]],
    shape: EncoderShape,
    prefix: str,
    state: str,
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
    last = graph.constant("const/axis_2", np.array([2], dtype=np.int64))
    middle = graph.constant("const/axis_1", np.array([1], dtype=np.int64))
    weight = graph.node("Unsqueeze", [mask, last], "pool/mask")
    kept = graph.node("Mul", [state, weight], "pool/kept")
    total = graph.node("ReduceSum", [kept, middle], "pool/sum", keepdims=0)
    # At least [CLS] and [SEP] are unmasked in every real row; the floor is for padding rows.
    floor = graph.constant("const/one", np.array(1.0, dtype=np.float32))
    count = graph.node("ReduceSum", [mask, middle], "pool/count", keepdims=1)
    safe = graph.node("Max", [count, floor], "pool/count/safe")
    mean = graph.node("Div", [total, safe], "pool/mean")
    norm = graph.node("ReduceL2", [mean, middle], "pool/norm", keepdims=1)
    tiny = graph.constant("const/tiny", np.array(1e-9, dtype=np.float32))
    norm = graph.node("Max", [norm, tiny], "pool/norm/safe")
    return graph.node("Div", [mean, norm], "embedding")
