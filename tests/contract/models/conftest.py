"""A served trivial model, and a real one trained once a session on a slice of the sample."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.container import SAMPLE, Server, run_command, serving, trivial_model


@pytest.fixture(scope="module")
def trivial_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    ml_root = tmp_path_factory.mktemp("trivial")
    trivial_model(ml_root / "model")
    with serving(ml_root, SAGEMAKER_MAX_PAYLOAD_IN_MB="1") as server:
        yield server


@pytest.fixture(scope="session")
def trained_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An `/opt/ml` whose `model` was trained, quantized and checked on 160 documents."""
    ml_root = tmp_path_factory.mktemp("trained")
    channel = ml_root / "input/data/training"
    config = ml_root / "input/config"
    channel.mkdir(parents=True)
    config.mkdir(parents=True)
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()[:160]
    (channel / "news.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    parameters = {"calibration_documents": "32", "max_tokens": "128", "folds": "3"}
    (config / "hyperparameters.json").write_text(json.dumps(parameters))
    done = run_command("training", "train", ml_root)
    assert done.returncode == 0, done.stderr
    return ml_root


@pytest.fixture(scope="session")
def linear_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An `/opt/ml` whose `model` is linear, trained on the sample."""
    root = tmp_path_factory.mktemp("linear")
    channel, config = root / "input/data/training", root / "input/config"
    channel.mkdir(parents=True)
    config.mkdir(parents=True)
    shutil.copyfile(SAMPLE, channel / "news.jsonl")
    (config / "hyperparameters.json").write_text('{"method": "linear"}')
    done = run_command("training", "train", root)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="module")
def real_server(trained_root: Path) -> Iterator[Server]:
    with serving(trained_root) as server:
        yield server
