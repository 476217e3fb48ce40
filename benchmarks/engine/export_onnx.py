"""sentence-transformers' own ONNX export of a case's encoder, fp32 and dynamic int8.

Runs in sentence-transformers' environment:
    python -m benchmarks.engine.export_onnx FOLDER
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from sentence_transformers import SentenceTransformer, export_dynamic_quantized_onnx_model

from benchmarks.engine.case import CaseFiles

QUANTIZATION = "avx512_vnni"
"""Of sentence-transformers' four presets, the one for this kind of CPU."""


def main(folder: Path) -> None:
    """Write `exported/` with both graphs, and `infinity/`."""
    files = CaseFiles(folder)
    shutil.rmtree(files.exported, ignore_errors=True)
    model = SentenceTransformer(
        str(files.encoder), backend="onnx", device="cpu", model_kwargs={"export": True}
    )
    model.save_pretrained(str(files.exported))
    export_dynamic_quantized_onnx_model(model, QUANTIZATION, str(files.exported))
    (quantized,) = (files.exported / "onnx").glob("model_qint8_*.onnx")
    quantized.rename(files.exported / "onnx" / "model_quantized.onnx")
    _for_infinity(files)


def _for_infinity(files: CaseFiles) -> None:
    """The int8 graph laid out as Infinity 0.0.78 finds it: beside its configuration."""
    shutil.rmtree(files.infinity, ignore_errors=True)
    shutil.copytree(files.exported, files.infinity, ignore=shutil.ignore_patterns("onnx"))
    quantized = files.exported / "onnx" / "model_quantized.onnx"
    shutil.copyfile(quantized, files.infinity / quantized.name)
    # It truncates to what this names; the graph has its position table within.
    config = files.infinity / "config.json"
    value = json.loads(config.read_text(encoding="utf-8"))
    value["max_position_embeddings"] = files.case.max_tokens
    config.write_text(json.dumps(value, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
