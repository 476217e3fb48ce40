"""How documents lie in the encoder's tensors: padded rows, or tokens packed end to end.

Everything but attention works on each token by itself, so it need not see padding at all. The
packed layout gathers the tokens into padded rows for attention alone and scatters them back after
it: on short texts padding is an eighth of the tokens, and three quarters of the work is in the
products that no longer do it. A document stands in a row of the same length in both layouts,
whatever shares its batch.
"""

from __future__ import annotations

from typing import Protocol

import onnx
from onnx import TensorProto, helper

from .graph_builder import GraphBuilder


class Layout(Protocol):
    """Inputs of the graph, and the way from tokens to padded rows and back.

    A state is float32 of shape [batch, length, hidden] where padded and [1, total, hidden] where
    packed; rows are always [batch, length, hidden].
    """

    def inputs(self) -> list[onnx.ValueInfoProto]:
        """The graph's inputs."""
        ...

    def tokens(self) -> str:
        """The input that holds the token ids."""
        ...

    def positions(self, graph: GraphBuilder, table: str) -> str:
        """Rows of the position table to add to the words' embeddings."""
        ...

    def mask(self, graph: GraphBuilder) -> str:
        """Float32 of shape [batch, length], 1 where a token stands."""
        ...

    def to_rows(self, graph: GraphBuilder, state: str, width: int, name: str) -> str:
        """Lay a state of `width` out as padded rows."""
        ...

    def from_rows(self, graph: GraphBuilder, rows: str, width: int, name: str) -> str:
        """Make a state of padded rows."""
        ...


class Padded:
    """`input_ids` and `attention_mask`, both int64 of shape [batch, length]."""

    def inputs(self) -> list[onnx.ValueInfoProto]:
        """See `Layout.inputs`."""
        return [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
            for name in ("input_ids", "attention_mask")
        ]

    def tokens(self) -> str:
        """See `Layout.tokens`."""
        return "input_ids"

    def positions(self, graph: GraphBuilder, table: str) -> str:
        """See `Layout.positions`: every row begins at position 0."""
        length = graph.node("Shape", ["input_ids"], "embeddings/length", start=1, end=2)
        zero = graph.integers("zero", 0)
        return graph.node("Slice", [table, zero, length, zero], "embeddings/position/rows")

    def mask(self, graph: GraphBuilder) -> str:
        """See `Layout.mask`."""
        return graph.node("Cast", ["attention_mask"], "mask/float", to=TensorProto.FLOAT)

    def to_rows(self, graph: GraphBuilder, state: str, width: int, name: str) -> str:
        """See `Layout.to_rows`: they are rows already."""
        return state

    def from_rows(self, graph: GraphBuilder, rows: str, width: int, name: str) -> str:
        """See `Layout.from_rows`."""
        return rows


class Packed:
    """What `serving.packing.pack` makes of a batch."""

    def inputs(self) -> list[onnx.ValueInfoProto]:
        """See `Layout.inputs`."""
        flat = [
            helper.make_tensor_value_info(name, TensorProto.INT32, [1, "total"])
            for name in ("tokens", "positions", "places")
        ]
        rows = ["batch", "length"]
        slots = helper.make_tensor_value_info("slots", TensorProto.INT32, rows)
        return [*flat, slots, helper.make_tensor_value_info("mask", TensorProto.FLOAT, rows)]

    def tokens(self) -> str:
        """See `Layout.tokens`."""
        return "tokens"

    def positions(self, graph: GraphBuilder, table: str) -> str:
        """See `Layout.positions`."""
        return graph.node("Gather", [table, "positions"], "embeddings/position/rows", axis=0)

    def mask(self, graph: GraphBuilder) -> str:
        """See `Layout.mask`."""
        return "mask"

    def to_rows(self, graph: GraphBuilder, state: str, width: int, name: str) -> str:
        """See `Layout.to_rows`."""
        # The state itself keeps three dimensions: OpenVINO fuses quantization into the products
        # of such, and of two-dimensional ones it does not.
        flat = graph.node("Reshape", [state, self._flat(graph, width)], f"{name}/flat")
        return graph.node("Gather", [flat, "slots"], f"{name}/rows", axis=0)

    def from_rows(self, graph: GraphBuilder, rows: str, width: int, name: str) -> str:
        """See `Layout.from_rows`."""
        flat = graph.node("Reshape", [rows, self._flat(graph, width)], f"{name}/end_to_end")
        return graph.node("Gather", [flat, "places"], f"{name}/packed", axis=0)

    def _flat(self, graph: GraphBuilder, width: int) -> str:
        return graph.integers(f"flat_{width}", -1, width)
