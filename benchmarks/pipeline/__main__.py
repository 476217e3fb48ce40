"""Documents an hour of the whole pipeline against the engine's own rate, on the running stack.

`python -m benchmarks.pipeline [DOCS.jsonl] [--count N] [--engine-count N] [--rounds N]`

Engine and pipeline take turns, the engine first and last, over texts of the same file; the stack is
up, and idle while the engine runs alone. Results go to `benchmarks/results/pipeline.json` and
`pipeline.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.__main__ import RESULTS, machine
from benchmarks.harness import Harness
from benchmarks.pipeline.engine_alone import EngineAlone, EngineRun
from benchmarks.pipeline.processor_time import ProcessorTime
from benchmarks.pipeline.report import PipelineRun, figures, table
from benchmarks.pipeline.texts import write_batch
from benchmarks.pipeline.timeline import read_timeline
from include.wiring.batches.bootstrap import twolane

ACCOUNT = "enterprise-meridian"


@dataclass(frozen=True, slots=True)
class Options:
    """What to run.

    Attributes:
        texts: JSON Lines with a `text`; the product's sample when None.
        count: documents of a batch.
        engine_count: documents of a pass of the engine alone.
        rounds: batches.
    """

    texts: Path | None
    count: int
    engine_count: int
    rounds: int


class Bench:
    """One champion, one running stack, texts of one file."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._harness = Harness.from_environment()
        self._seed = int(time.time())
        product = twolane()
        model = product.registry.resolve(product.settings.model_name, "champion")
        archive = folder / "model.tar.gz"
        product.objects.download(product.registry.artifact_url(model), archive)
        self._engine = EngineAlone(archive)
        self.model = model.label

    def engine(self) -> EngineRun:
        """Run the engine alone."""
        run = self._engine.run(self._file(self._options.engine_count))
        print(f"engine alone   {run.documents:>9,} documents {run.documents_per_s:8.0f} /s")
        return run

    def pipeline(self) -> PipelineRun:
        """Submit a batch and wait until both stores have it."""
        path = self._file(self._options.count)
        processors = ProcessorTime()
        found = self._harness.run_file(path, account=ACCOUNT)
        spent = processors.spent()
        timeline = read_timeline(
            self._harness, os.environ["TWOLANE_DATABASE_URL"], found.batch_id, found.run_id
        )
        run = PipelineRun(found.document_count, str(found.lane), timeline, spent)
        print(f"whole pipeline {run.documents:>9,} documents {run.documents_per_s:8.0f} /s")
        return run

    def _file(self, count: int) -> Path:
        self._seed += 1
        path = self._folder / f"bench-{self._seed}.jsonl"
        write_batch(path, count, self._options.texts, self._seed)
        return path


def main(arguments: Sequence[str]) -> int:
    """Measure, print, keep; return 1 when a goal was missed."""
    options = _parse(arguments)
    with tempfile.TemporaryDirectory(prefix="twolane-bench-") as folder:
        bench = Bench(options, Path(folder))
        engine, pipeline = [bench.engine()], []
        for _ in range(options.rounds):
            pipeline.append(bench.pipeline())
            engine.append(bench.engine())
    result = figures(engine, pipeline)
    result["texts"] = options.texts.name if options.texts else "the product's sample, recombined"
    result["model"] = bench.model
    result["machine"] = machine()
    result["engine_runs"] = [asdict(run) for run in engine]
    result["pipeline_runs"] = [asdict(run) for run in pipeline]
    by_rate = sorted(pipeline, key=lambda run: run.documents_per_s)
    text = table(result, by_rate[len(by_rate) // 2])
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "pipeline.json").write_text(json.dumps(result, indent=2) + "\n")
    (RESULTS / "pipeline.md").write_text(text)
    return 0 if result["goal_met"] else 1


def _parse(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="benchmarks.pipeline", description=__doc__)
    parser.add_argument("texts", type=Path, nargs="?")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--engine-count", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=1)
    return Options(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
