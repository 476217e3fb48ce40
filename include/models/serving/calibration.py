"""Self-calibration: run a model a few ways for a moment, and keep the fastest.

It is for large jobs, which have minutes to win it back. A server reads what was measured before,
and never measures: its first answer would wait.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from .artifact import OPENVINO_FORMAT, Artifact
from .backend import Backend, load_backend
from .batching import BatchPolicy
from .cpu import Cpu
from .precision import served_precision
from .settings import ContainerSettings
from .tuning import Tuning, budgets, read_tuning, widths, write_tuning

MIN_GAIN = 1.03
"""Another way must be faster by so much, in each of `_ROUNDS` rounds; less is noise."""

_TYPICAL_TOKENS = 64
_ROUNDS = 2
_TRIES = 2

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
        settings.workers,
        artifact.max_tokens,
        budget_s,
    )
    kept = write_tuning(folder, key, tuning)
    line = {"event": "calibration", "key": key, "kept": kept, "tokens_per_s": rates}
    print(json.dumps(line), flush=True)
    return backend, _under(settings, tuning)


def fastest(
    load: Load, cores: int, max_tokens: int, budget_s: float
) -> tuple[Backend, Tuning, dict[str, int]]:
    """Try widths, and then budgets under the best of them, while there is time.

    Args:
        load: loads the model under a tuning.
        cores: to share out.
        max_tokens: the longest document.
        budget_s: seconds after which no further way is begun.

    Returns:
        The backend of the fastest way, the way, and the tokens a second of all that were tried,
        by "workers x threads x budget".
    """
    first, *others = widths(cores)
    best = _Way(first, load(first), max_tokens)
    deadline_s = time.monotonic() + budget_s
    rates = {best.name: best.tokens_per_second()}

    def contest(best: _Way, rival: _Way) -> _Way:
        rounds = [(best.tokens_per_second(), rival.tokens_per_second()) for _ in range(_ROUNDS)]
        rates[rival.name] = max(rate for _, rate in rounds)
        return rival if all(rate > MIN_GAIN * other for other, rate in rounds) else best

    for tuning in others:
        if time.monotonic() < deadline_s:
            best = contest(best, _Way(tuning, load(tuning), max_tokens))
    for tuning in budgets(best.tuning):
        if time.monotonic() < deadline_s:
            best = contest(best, _Way(tuning, best.backend, max_tokens))
    return best.backend, best.tuning, {name: round(rate) for name, rate in rates.items()}


@dataclass(frozen=True)
class _Way:
    """A tuning that is being tried."""

    tuning: Tuning
    backend: Backend
    max_tokens: int

    @property
    def name(self) -> str:
        tuning = self.tuning
        return f"{tuning.workers} x {tuning.threads_per_worker} x {tuning.budget_tokens}"

    def tokens_per_second(self) -> float:
        """Of batches of documents of typical length, on all workers at once; the best try."""
        workers, backend = self.tuning.workers, self.backend
        length = min(_TYPICAL_TOKENS, self.max_tokens)
        rows = BatchPolicy(self.max_tokens, self.tuning.budget_tokens).max_rows(length)
        document = (backend.tokenize(["news " * length])[0] * length)[:length]
        batch = [document] * rows
        with ThreadPoolExecutor(workers) as pool:

            def run() -> float:
                began = time.perf_counter()
                list(pool.map(lambda k: backend.infer(k, batch, length), range(workers)))
                return time.perf_counter() - began

            run()  # the shape's kernels are made
            return workers * rows * length / min(run() for _ in range(_TRIES))


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
