"""The container's commands over the engine: `serve`, `process` and `infer`."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .artifact import load_artifact, unpack
from .backend import load_backend
from .batching import BatchPolicy
from .cascade import Cascade
from .engine import Engine
from .metering import Meter
from .process import ShardFolders, process_shards
from .server import ModelServer
from .settings import ContainerSettings
from .termination import Terminated, TerminationNotice


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
    folders = ShardFolders(root / "input/documents", root / "output", settings.scratch)
    notice = TerminationNotice(grace_s=0)
    if not _run(settings, root / "input/model", folders, notice):
        return 128 + signal.SIGTERM
    return 0


def infer(env: Mapping[str, str]) -> int:
    """Classify the shards of a training job's channel `documents` with its channel `model`.

    A shard's output is its checkpoint. SageMaker brings back those of the attempts before, so an
    instance that is taken away costs the shard in flight and no other. On SIGTERM the shard in
    hand is finished if the notice allows, and no other is begun; that is no failure: what is
    missing is counted from outside.
    """
    settings = ContainerSettings.from_environment(env)
    root = settings.ml_root
    folders = ShardFolders(root / "input/data/documents", root / "checkpoints", settings.scratch)
    notice = TerminationNotice(settings.termination_grace_s)
    _run(settings, root / "input/data/model", folders, notice)
    return 0


def _run(
    settings: ContainerSettings, model: Path, folders: ShardFolders, notice: TerminationNotice
) -> bool:
    """Do the shards; return whether there was time for all of them."""
    notice.listen()
    meter = Meter()
    try:
        with tempfile.TemporaryDirectory(prefix="model-") as unpacked:
            unpack(model / "model.tar.gz", Path(unpacked))
            engine = build_engine(Path(unpacked), settings, meter)
            found = process_shards(engine, folders, notice.is_given)
            engine.close()
    except Terminated:
        pass
    finally:
        print(meter.summary_line(), flush=True)
    if notice.is_given():
        print("terminated before every shard was done", file=sys.stderr, flush=True)
        return False
    if not found:
        # Sharding by key may leave an instance without any input; that is no failure.
        print("no shard in the input", file=sys.stderr, flush=True)
    return True


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
        cascade=Cascade.load(artifact, folder),
    )
