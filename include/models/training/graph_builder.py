"""Collects the nodes and constants of an ONNX graph that is written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

FloatArray = NDArray[np.float32]


@dataclass
class GraphBuilder:
    """Every method returns the name of its output tensor."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Add a constant once; the name is its identity."""
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def integers(self, name: str, *values: int) -> str:
        """Add a list of int64, as shapes and axes are given."""
        return self.constant(f"const/{name}", np.array(values, dtype=np.int64))

    def number(self, name: str, value: float) -> str:
        """Add a float32 scalar."""
        return self.constant(f"const/{name}", np.array(value, dtype=np.float32))

    def node(self, op: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """Add a node that has one output, named as the node is."""
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name
