"""The container's commands over the engine: `serve`, `process` and `infer`."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from .artifact import load_artifact, unpack
from .backend import batch_policy
from .calibration import load_calibrated
from .cascade import Cascade
from .engine import Engine
from .metering import Meter
from .process import ClassifyShards, ShardFolders, classify_with, process_shards
from .server import ModelServer
from .settings import MEBIBYTE, ContainerSettings
from .termination import Terminated, TerminationNotice

MODEL_ARCHIVE = "model.tar.gz"

CALIBRATED_BYTES = 32 * MEBIBYTE
"""A job of so much input has minutes to win back what calibration takes."""


@dataclass(frozen=True)
class ShardJob:
    """Models that are ready for a job's shards.

    Attributes:
        classify: runs them.
        others: names of the models after the first.
    """

    classify: ClassifyShards
    others: tuple[str, ...] = ()


StartJob = Callable[[Path, ContainerSettings, Meter], AbstractContextManager[ShardJob]]
"""Readies the models whose archives are in a folder, until the block ends."""


BuildEngine = Callable[[Path, ContainerSettings, Meter], Engine]
"""Readies the model in a folder for the model server."""


def serve(env: Mapping[str, str], build: BuildEngine | None = None) -> int:
    """Serve the model in `/opt/ml/model` until SIGTERM.

    Args:
        env: the environment.
        build: readies the model, `build_engine` by default; the torch image has its own.
    """
    settings = ContainerSettings.from_environment(env)
    meter = Meter()
    engine = (build or build_engine)(settings.ml_root / "model", settings, meter)
    try:
        ModelServer(engine, settings).serve_until_terminated()
    finally:
        print(meter.summary_line(), flush=True)
    return 0


@contextmanager
def start_job(folder: Path, settings: ContainerSettings, meter: Meter) -> Iterator[ShardJob]:
    """Ready `model.tar.gz` on the CPU.

    Raises:
        ArtifactError: the artifact cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="model-") as unpacked:
        unpack(folder / MODEL_ARCHIVE, Path(unpacked))
        engine = build_engine(Path(unpacked), settings, meter, is_job=True)
        yield ShardJob(classify_with(engine))
        engine.close()


def process(env: Mapping[str, str], start: StartJob = start_job) -> int:
    """Classify the shards of a processing job's `documents` input with its `model` input.

    Args:
        env: the environment.
        start: readies the models; the torch image has its own.
    """
    settings = ContainerSettings.from_environment(env)
    root = settings.ml_root / "processing"
    folders = ShardFolders(root / "input/documents", root / "output", settings.scratch)
    notice = TerminationNotice(grace_s=0)
    if not _run(settings, root / "input/model", folders, notice, start):
        return 128 + signal.SIGTERM
    return 0


def infer(env: Mapping[str, str], start: StartJob = start_job) -> int:
    """Classify the shards of a training job's channel `documents` with its channel `model`.

    A shard's output is its checkpoint. SageMaker brings back those of the attempts before, so an
    instance that is taken away costs the shard in flight and no other. On SIGTERM the shard in
    hand is finished if the notice allows, and no other is begun; that is no failure: what is
    missing is counted from outside.

    Args:
        env: the environment.
        start: readies the models; the torch image has its own.
    """
    settings = ContainerSettings.from_environment(env)
    root = settings.ml_root
    folders = ShardFolders(root / "input/data/documents", root / "checkpoints", settings.scratch)
    notice = TerminationNotice(settings.termination_grace_s)
    _run(settings, root / "input/data/model", folders, notice, start)
    return 0


def _run(
    settings: ContainerSettings,
    model: Path,
    folders: ShardFolders,
    notice: TerminationNotice,
    start: StartJob,
) -> bool:
    """Do the shards; return whether there was time for all of them."""
    notice.listen()
    meter = Meter()
    if _input_bytes(folders.source) < CALIBRATED_BYTES:
        settings = replace(settings, calibration_s=0)
    try:
        with start(model, settings, meter) as job:
            folders = replace(folders, others=job.others)
            found = process_shards(job.classify, folders, notice.is_given)
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


def _input_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def build_engine(
    folder: Path, settings: ContainerSettings, meter: Meter, *, is_job: bool = False
) -> Engine:
    """Load the artifact in `folder` and start an engine on it.

    Args:
        folder: the artifact's.
        settings: the container's.
        meter: counts what the engine does.
        is_job: whether there is time to calibrate, which a job wins back and an endpoint does not.

    Raises:
        ArtifactError: the artifact cannot be used.
    """
    artifact = load_artifact(folder)
    meter.model = artifact.reference
    budget_s = settings.calibration_s if is_job else 0
    backend, settings = load_calibrated(artifact, folder, settings, budget_s)
    return Engine(
        backend,
        artifact,
        batch_policy(artifact, settings.budget_tokens),
        meter,
        workers=settings.workers,
        window_documents=settings.window_documents,
        cascade=Cascade.load(artifact, folder),
    )
