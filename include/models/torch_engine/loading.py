"""Artifacts to a runner: one encoder on the device, the heads of all models on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from serving.artifact import Artifact, ArtifactError, load_artifact

from .budget import CPU_BUDGET_TOKENS, find_budget
from .encoder import Encoder
from .model import SharedEncoder
from .pooling import FirstTokenPool, MeanPool
from .runner import Runner
from .settings import TorchSettings
from .weights import EncoderFiles, encoder_sha256, read_encoder, read_heads


@dataclass(frozen=True)
class LoadedModels:
    """Models that are ready to run together.

    Attributes:
        artifacts: what they are, the first one's answers first.
        folders: where they are; all use the first one's tokenizer.
        runner: runs them.
    """

    artifacts: tuple[Artifact, ...]
    folders: tuple[Path, ...]
    runner: Runner


def load_models(folders: Sequence[Path], settings: TorchSettings) -> LoadedModels:
    """Load models that share an encoder onto the device, and find the batch size.

    Args:
        folders: unpacked artifacts, at least one.
        settings: where and how to run.

    Raises:
        ArtifactError: a file is missing or wrong, or the models do not share their encoder, its
            tokenizer and how far it reads.
    """
    first = folders[0]
    artifacts = tuple(load_artifact(folder) for folder in folders)
    for folder, artifact in zip(folders[1:], artifacts[1:], strict=True):
        _check_shared(first, artifacts[0], folder, artifact)
    files = read_encoder(first)
    heads = [
        head
        for folder, artifact in zip(folders, artifacts, strict=True)
        for head in read_heads(folder, artifact.classes)
    ]
    encoder = Encoder(files.shape, files.weights, pool=_pool(files))
    if settings.is_compiled:
        for layer in encoder.layers:
            layer.compile(dynamic=True)
    model = SharedEncoder(encoder, heads).to(settings.device).eval()
    model.encoder.to(settings.dtype)
    budget = settings.budget_tokens or CPU_BUDGET_TOKENS
    runner = Runner(model, settings.device, budget)
    if settings.budget_tokens is None and settings.device.type == "cuda":
        trials = find_budget(runner, artifacts[0].max_tokens)
        line = {"event": "batch_size", "budget_tokens": runner.budget_tokens}
        print(json.dumps(line | {"trials": [asdict(trial) for trial in trials]}), flush=True)
    return LoadedModels(artifacts, tuple(folders), runner)


def _pool(files: EncoderFiles) -> MeanPool | FirstTokenPool:
    activation = files.pooler_activation
    return FirstTokenPool(files.weights, activation) if activation else MeanPool()


def _check_shared(first: Path, artifact: Artifact, folder: Path, other: Artifact) -> None:
    if encoder_sha256(folder) != encoder_sha256(first):
        raise ArtifactError(f"{other.reference} has another encoder than {artifact.reference}")
    if (folder / "tokenizer.json").read_bytes() != (first / "tokenizer.json").read_bytes():
        raise ArtifactError(f"{other.reference} has another tokenizer than {artifact.reference}")
    for name in ("max_tokens", "tokenized_tokens", "tokenized_characters"):
        if getattr(other, name) != getattr(artifact, name):
            raise ArtifactError(f"{other.reference} has another {name} than {artifact.reference}")
