"""`make bench-gpu`: finds a card and an interpreter, then runs `benchmarks.gpu.measure`.

The interpreter is sentence-transformers' own environment, which has all that the product's engine
needs too: so both run on the same build of torch. Where nothing can be installed, name another
one: `PYTHON -m benchmarks.gpu.measure DOCUMENTS` (torch from 2.11, tokenizers, safetensors).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.engine.environments import ensure
from stack.install import Installer, InstallError

ROOT = Path(__file__).resolve().parents[2]
CARD = Path("/proc/driver/nvidia/version")


def main(argv: Sequence[str]) -> int:
    """Run the measurement; 1 where there is no card."""
    if not CARD.exists() and "--device=cpu" not in argv:
        print(
            "bench-gpu: no NVIDIA card here, nothing was measured "
            "(ARGS=--device=cpu tries the code without one, and says nothing about a card)",
            file=sys.stderr,
        )
        return 1
    try:
        python = ensure("bench-sentence-transformers", Installer())
    except InstallError as error:
        print(f"bench-gpu: {error}", file=sys.stderr)
        return 1
    command = [python, "-m", "benchmarks.gpu.measure", "--encoder", _weights(), *argv]
    return subprocess.run(command, check=False).returncode


def _weights() -> str:
    """The folder of the encoder's weights, in the training environment."""
    program = "import sys; sys.path.insert(0, sys.argv[1]); import serving.pretrained as p; "
    program += "print(p.weights_folder())"
    python = ROOT / ".twolane/venvs/training/bin/python"
    command = [python, "-c", program, ROOT / "include/models"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
