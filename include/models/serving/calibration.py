"""Self-calibration: run a model a few ways for a moment, and keep the fastest.

It is for jobs, which have thousands of documents to win it back on. An endpoint reads what was
measured before, and never measures: its first answer would wait.
"""

from __future__ import annotations

import json
import time
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from .artifact import OPENVINO_FORMAT, Artifact
from .backend import Backend, load_backend
from .batching import BatchPolicy
from .cpu import Cpu
from .precision import served_precision
from .settings import ContainerSettings
from .tuning import Tuning, candidates, read_tuning, write_tuning

MIN_GAIN = 1.05
"""Another way than the default must be faster by so much; less is noise."""

_TYPICAL_TOKENS = 64
_TRIES = 3

Load = Callable[[Tuning], Backend]


def load_calibrated(
    artifact: Artifact, folder: Path, settings: ContainerSettings, budget_s: float
) -> tuple[Backend, ContainerSettings]:
    """Load the backend, under what was or is now measured to be fastest on this processor.

    Args:
        artifact: the model's description.
        folder: the artifact's, where the measurement is kept if it can be written to.
        settings: the container's; workers or a budget that it was told are left as they are.
        budget_s: seconds that measuring may take, 0 for never; what was begun is finished.

    Returns:
        The backend, and the settings it was loaded under.

    Raises:
        ArtifactError: the artifact cannot be used.
    """
    if settings.is_width_given or artifact.format != OPENVINO_FORMAT:
        return load_backend(artifact, folder, settings), settings
    key = _key(artifact, folder, settings)
    known = read_tuning(folder, key)
    if known or not budget_s:
        chosen = _under(settings, known) if known else settings
        return load_backend(artifact, folder, chosen), chosen
    backend, tuning, rates = fastest(
        lambda tuning: load_backend(artifact, folder, _under(settings, tuning)),
        candidates(settings.workers),
        artifact.max_tokens,
        time.monotonic() + budget_s,
    )
    kept = write_tuning(folder, key, tuning)
    line = {"event": "calibration", "key": key, "kept": kept, "tokens_per_s": rates}
    print(json.dumps(line), flush=True)
    return backend, _under(settings, tuning)


def fastest(
    load: Load, ways: list[Tuning], max_tokens: int, deadline_s: float
) -> tuple[Backend, Tuning, dict[str, int]]:
    """Measure ways to run until the deadline, the first one in any case.

    Args:
        load: loads the model for a way; ways that differ in their budget alone share one.
        ways: the default first.
        max_tokens: the longest document.
        deadline_s: on the monotonic clock.

    Returns:
        The backend of the fastest way, the way, and the tokens a second of all that were tried,
        by "workers x threads x budget".
    """
    backend = load(ways[0])
    chosen, best = (backend, ways[0]), 0.0
    rates: dict[str, int] = {}
    loaded = ways[0]
    for way in ways:
        if rates and time.monotonic() > deadline_s:
            break
        if (way.workers, way.threads_per_worker) != (loaded.workers, loaded.threads_per_worker):
            backend, loaded = load(way), way
        rate = _tokens_per_second(backend, way, max_tokens)
        rates[f"{way.workers} x {way.threads_per_worker} x {way.budget_tokens}"] = round(rate)
        if rate > best * (MIN_GAIN if best else 0):
            chosen, best = (backend, way), rate
    return *chosen, rates


def _tokens_per_second(backend: Backend, way: Tuning, max_tokens: int) -> float:
    """Of batches of documents of typical length, on all workers at once; the best of some tries."""
    length = min(_TYPICAL_TOKENS, max_tokens)
    rows = BatchPolicy(max_tokens, way.budget_tokens).max_rows(length)
    document = (backend.tokenize(["news " * length])[0] * length)[:length]
    batch: list[array[int]] = [document] * rows
    with ThreadPoolExecutor(way.workers) as pool:

        def run() -> float:
            began = time.perf_counter()
            list(pool.map(lambda k: backend.infer(k, batch, length), range(way.workers)))
            return time.perf_counter() - began

        run()  # the shape's kernels are made
        return way.workers * rows * length / min(run() for _ in range(_TRIES))


def _key(artifact: Artifact, folder: Path, settings: ContainerSettings) -> str:
    """What a measurement depends on, beside the model."""
    cpu = Cpu.given()
    precision = served_precision(artifact, folder, settings)
    runtime = version("openvino")
    return f"{cpu.name}, {settings.workers} cores, {precision}, openvino {runtime}"


def _under(settings: ContainerSettings, tuning: Tuning) -> ContainerSettings:
    return replace(
        settings,
        workers=tuning.workers,
        threads_per_worker=tuning.threads_per_worker,
        budget_tokens=tuning.budget_tokens,
    )
