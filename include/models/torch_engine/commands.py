"""The torch image's `serve`, `process` and `infer`: the contract of `serving.commands`; `profile`.

Beside `model.tar.gz` a job may bring further archives, `<name>.tar.gz`, of models that share its
encoder. They answer in the same pass, and their outputs go to a folder `<name>` of their own.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from serving import commands
from serving.artifact import OPENVINO_FORMAT, load_artifact, unpack
from serving.batching import BatchPolicy
from serving.cascade import Cascade
from serving.engine import Engine
from serving.metering import Meter
from serving.settings import ContainerSettings

from .backend import TorchBackend
from .loading import LoadedModels, load_models
from .pipeline import ShardPipeline
from .pool import WorkerPool
from .profile import profile
from .settings import TorchSettings

__all__ = ["infer", "process", "profile", "serve"]

_ARCHIVE_SUFFIX = ".tar.gz"


def serve(env: Mapping[str, str]) -> int:
    """See `serving.commands.serve`."""
    return commands.serve(env, build_engine)


def process(env: Mapping[str, str]) -> int:
    """See `serving.commands.process`."""
    return commands.process(env, _starter(env))


def infer(env: Mapping[str, str]) -> int:
    """See `serving.commands.infer`."""
    return commands.infer(env, _starter(env))


def build_engine(
    folder: Path, settings: ContainerSettings, meter: Meter, *, is_job: bool = False
) -> Engine:
    """See `serving.commands.build_engine`; a model without an encoder runs as it does there."""
    if load_artifact(folder).format != OPENVINO_FORMAT:
        return commands.build_engine(folder, settings, meter, is_job=is_job)
    models = load_models([folder], TorchSettings.from_environment(os.environ))
    artifact = models.artifacts[0]
    meter.model = artifact.reference
    return Engine(
        TorchBackend.of(models),
        artifact,
        BatchPolicy(artifact.max_tokens, models.runner.budget_tokens),
        meter,
        workers=1,
        window_documents=settings.window_documents,
        cascade=Cascade.load(artifact, folder),
    )


def _starter(env: Mapping[str, str]) -> commands.StartJob:
    """Ready a job's models; one without an encoder, and alone, runs as on the serving image."""
    settings = TorchSettings.from_environment(env)

    @contextmanager
    def start(
        folder: Path, container: ContainerSettings, meter: Meter
    ) -> Iterator[commands.ShardJob]:
        with tempfile.TemporaryDirectory(prefix="models-") as unpacked:
            others = tuple(
                sorted(
                    path.name.removesuffix(_ARCHIVE_SUFFIX)
                    for path in folder.glob(f"*{_ARCHIVE_SUFFIX}")
                    if path.name != commands.MODEL_ARCHIVE
                )
            )
            main = commands.MODEL_ARCHIVE.removesuffix(_ARCHIVE_SUFFIX)
            folders = [Path(unpacked) / name for name in (main, *others)]
            for each in folders:
                unpack(folder / f"{each.name}{_ARCHIVE_SUFFIX}", each)
            if not others and load_artifact(folders[0]).format != OPENVINO_FORMAT:
                with commands.start_job(folder, container, meter) as job:
                    yield job
                return
            with _pipeline(folders, settings, meter) as pipeline:
                yield commands.ShardJob(pipeline, others)

    return start


@contextmanager
def _pipeline(
    folders: Sequence[Path], settings: TorchSettings, meter: Meter
) -> Iterator[ShardPipeline]:
    """Load the models while the tokenizing processes start."""
    with WorkerPool(folders, settings.tokenizers) as pool:
        models: LoadedModels = load_models(folders, settings)
        meter.model = models.artifacts[0].reference
        yield ShardPipeline(pool, models.runner, meter)
