"""The graphs of an artifact: fp32, and int8 by NNCF post-training quantization.

Activation ranges of int8 are fixed here, on calibration documents, and not measured per batch, so a
document's label does not depend on what shares its batch.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nncf
import onnx
import openvino as ov
from serving.packing import pack

from .encoder import LENGTH_STEP


def quantize_to_ir(
    model: onnx.ModelProto, calibration: Sequence[Sequence[int]], target: Path
) -> None:
    """Write the int8 model as OpenVINO IR: `target` (.xml) and its .bin beside it.

    Args:
        model: the fp32 graph in the packed layout, tokens to probabilities.
        calibration: token ids of the documents the ranges are measured on.
        target: the .xml file.
    """
    logging.getLogger("nncf").setLevel(logging.ERROR)
    graph = ov.Core().read_model(model.SerializeToString())
    feeds = [pack([ids], -(-len(ids) // LENGTH_STEP) * LENGTH_STEP) for ids in calibration]
    quantized = nncf.quantize(
        graph,
        nncf.Dataset(feeds),
        subset_size=len(feeds),
        model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED,
    )
    _strip_run_information(quantized)
    ov.save_model(quantized, str(target))


def write_fp32_ir(model: onnx.ModelProto, target: Path) -> None:
    """Write the graph as it is, for processors without int8 products and for want of agreement.

    Its weights are kept in 16 bits, which halves the file; the arithmetic stays fp32.

    Args:
        model: as in `quantize_to_ir`.
        target: the .xml file.
    """
    graph = ov.Core().read_model(model.SerializeToString())
    _strip_run_information(graph)
    ov.save_model(graph, str(target), compress_to_fp16=True)


def _strip_run_information(model: Any) -> None:
    """Drop what names the machine or the moment, so the same input gives the same bytes."""
    for section in ("conversion_parameters", "nncf"):
        if model.has_rt_info(section):
            model.set_rt_info("", section)
