"""`python -m benchmarks.gpu.measure DOCUMENTS`: the torch engine on an NVIDIA card, and its limits.

Interleaved rounds on one card: the device on tokens made before (eager, and with `torch.compile`),
the tokenizing processes alone, the whole job, and sentence-transformers where it is installed. The
matrix-product peak is measured in the same run. `--device cpu` runs the same code on the CPU: that
says that it works, and nothing about a card.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "include" / "models"))

RESULT = ROOT / "benchmarks" / "results" / "gpu.json"
PEER_BATCHES = (256, 2048)


def main(argv: Sequence[str]) -> int:
    """Measure, print a table, keep the result; 1 where torch finds no card."""
    options = _options(argv)
    import torch

    from benchmarks.gpu.table import markdown

    if options.device == "cuda" and not torch.cuda.is_available():
        print(f"bench-gpu: torch {torch.__version__} finds no NVIDIA card", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="bench-gpu-") as folder:
        result = _measure(options, Path(folder))
    print(markdown(result))
    if options.device == "cuda":
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        print(f"kept in {RESULT.relative_to(ROOT)}")
    return 0


def _measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    from serving.pretrained import weights_folder
    from torch_engine import profile
    from torch_engine.encoder import Encoder
    from torch_engine.loading import load_models
    from torch_engine.settings import TorchSettings
    from torch_engine.weights import read_encoder

    from benchmarks.engine.limits import EncoderWork
    from benchmarks.engine.machine import describe as describe_machine
    from benchmarks.gpu import artifact
    from benchmarks.gpu.documents import repeated, texts_of
    from benchmarks.gpu.ours import opened
    from benchmarks.gpu.peak import matrix_product_tflops

    machine = describe_machine()
    encoder = options.encoder or weights_folder()
    settings = TorchSettings.from_environment({"MODEL_DEVICE": options.device})
    shard = repeated(options.documents, options.count, folder / "documents.jsonl")
    made = artifact.make(encoder, options.max_tokens, folder / "model")
    models = load_models([made], settings)
    budget = dataclasses.replace(settings, budget_tokens=models.runner.budget_tokens)
    with opened(models, settings.tokenizers, options.documents, shard) as ours:
        runs: dict[str, Callable[[], float]] = {
            "device alone": ours.device_seconds,
            "tokenizers alone": ours.tokenizer_seconds,
            "job": ours.job_seconds,
        }
        if options.compile:
            compiled = load_models([made], dataclasses.replace(budget, is_compiled=True))
            runs["device alone, compiled"] = dataclasses.replace(
                ours, models=compiled
            ).device_seconds
        runs |= _peers(encoder, options, settings, texts_of(shard))
        seconds = _rounds(runs, options.rounds)
        config = json.loads((encoder / "config.json").read_text(encoding="utf-8"))
        lengths = ours.lengths.tolist()
        files = read_encoder(made)
        cosines = ours.cosines(Encoder(files.shape, files.weights).eval())
        return {
            "machine": machine,
            **profile.describe(settings),
            "max_tokens": options.max_tokens,
            "file": options.documents.name,
            "documents": len(lengths),
            "tokens": sum(lengths),
            "flop": EncoderWork.from_config(config).flop(lengths),
            "peak_tflops": round(matrix_product_tflops(settings.device, settings.dtype), 3),
            "tokenizers": settings.tokenizers,
            "budget_tokens": models.runner.budget_tokens,
            "smallest_cosine_to_fp32": round(float(cosines.min()), 5),
            "seconds": seconds,
            "profile": [
                dataclasses.asdict(point)
                for point in profile.measure(
                    models.runner, settings.device, options.lengths, options.budgets
                )
            ],
        }


def _peers(
    encoder: Path, options: argparse.Namespace, settings: Any, texts: list[str]
) -> dict[str, Callable[[], float]]:
    from benchmarks.gpu.peer import SentenceTransformers

    try:
        peer = SentenceTransformers(encoder, options.max_tokens, settings.device, settings.dtype)
    except ImportError as error:
        print(f"bench-gpu: sentence-transformers is not measured: {error}", file=sys.stderr)
        return {}

    def run(batch_size: int) -> Callable[[], float]:
        return lambda: peer.seconds(texts, batch_size)

    return {f"sentence-transformers, batches of {size}": run(size) for size in PEER_BATCHES}


def _rounds(runs: dict[str, Callable[[], float]], rounds: int) -> dict[str, dict[str, float]]:
    """Seconds of each, median and spread, taken in turns after one round to warm."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for round_ in range(rounds + 1):
        for name, run in runs.items():
            seconds = run()
            if round_:
                taken[name].append(seconds)
    return {
        name: {"median": statistics.median(all_), "least": min(all_), "most": max(all_)}
        for name, all_ in taken.items()
    }


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.gpu.measure", description=__doc__)
    parser.add_argument("documents", type=Path, help="JSON Lines of id and text")
    parser.add_argument("--count", type=int, default=400_000, help="documents, repeated if fewer")
    parser.add_argument("--max-tokens", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    parser.add_argument("--encoder", type=Path, help="folder of the weights; default: the package")
    parser.add_argument("--lengths", type=_numbers, default="16,32,64,128,256")
    parser.add_argument("--budgets", type=_numbers, default="1024,4096,16384,65536,262144,1048576")
    return parser.parse_args(argv)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
