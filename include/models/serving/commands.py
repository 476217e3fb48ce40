"""The container's commands over the engine: `serve` and `process`."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from .artifact import load_artifact, unpack
from .backend import load_backend
from .batching import BatchPolicy
from .engine import Engine
from .metering import Meter
from .process import process_shards
from .server import ModelServer
from .settings import ContainerSettings


class Terminated(Exception):
    """SIGTERM came; raised in the main thread wherever it stands."""


def serve(env: Mapping[str, str]) -> int:
    """Serve the model in `/opt/ml/model` until SIGTERM."""
    settings = ContainerSettings.from_environment(env)
    meter = Meter()
    engine = build_engine(settings.ml_root / "model", settings, meter)
    try:
        ModelServer(engine, settings).serve_until_terminated()
    finally:
        print(meter.summary_line(), flush=True)
    return 0


def process(env: Mapping[str, str]) -> int:
    """Classify the shards of a processing job's `documents` input with its `model` input."""
    settings = ContainerSettings.from_environment(env)
    root = settings.ml_root / "processing"
    signal.signal(signal.SIGTERM, _raise_terminated)
    meter = Meter()
    try:
        with tempfile.TemporaryDirectory(prefix="model-") as unpacked:
            unpack(root / "input" / "model" / "model.tar.gz", Path(unpacked))
            engine = build_engine(Path(unpacked), settings, meter)
            found = process_shards(engine, root / "input" / "documents", root / "output")
            engine.close()
    except Terminated:
        print("terminated before every shard was done", file=sys.stderr, flush=True)
        return 128 + signal.SIGTERM
    finally:
        print(meter.summary_line(), flush=True)
    if not found:
        # Sharding by key may leave an instance without any input; that is no failure.
        print("no shard in the input", file=sys.stderr, flush=True)
    return 0


def build_engine(folder: Path, settings: ContainerSettings, meter: Meter) -> Engine:
    """Load the artifact in `folder` and start an engine on it.

    Raises:
        ArtifactError: the artifact cannot be used.
    """
    artifact = load_artifact(folder)
    meter.model = artifact.reference
    backend = load_backend(artifact, folder, settings)
    policy = BatchPolicy(artifact.max_tokens, settings.budget_tokens)
    return Engine(
        backend,
        artifact,
        policy,
        meter,
        workers=settings.workers,
        window_documents=settings.window_documents,
    )


def _raise_terminated(number: int, frame: FrameType | None) -> None:
    raise Terminated
