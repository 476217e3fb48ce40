"""What is measured is kept, what is told is obeyed, and noise changes nothing."""

from __future__ import annotations

import json
import time
from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from include.models.serving import calibration
from include.models.serving.artifact import Artifact
from include.models.serving.backend import Backend
from include.models.serving.calibration import fastest, load_calibrated
from include.models.serving.cpu import Cpu
from include.models.serving.precision import Precision, choose_precision
from include.models.serving.settings import ContainerSettings, SettingsError
from include.models.serving.tuning import (
    TUNING_FILE,
    Tuning,
    budgets,
    read_tuning,
    widths,
    write_tuning,
)
from tests.support.probabilities import probabilities

ARTIFACT = Artifact("news-topic", "3", "openvino-int8", ("a", "b"), 256, 2560)
SLOW, QUICK = Tuning(2, 1, 1024), Tuning(1, 2, 1024)


class Sleeper:
    """A model whose calls take as long as it was told, seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def tokenize(self, texts: Sequence[str]) -> list[array[int]]:
        return [array("q", [7] * 10) for _ in texts]

    def infer(self, worker: int, tokens: Sequence[array[int]], length: int) -> NDArray[np.float32]:
        assert all(len(found) == length for found in tokens)
        time.sleep(self.seconds)
        return probabilities([(0, 1.0)] * len(tokens), 2)


def loaders(monkeypatch: pytest.MonkeyPatch, loaded: list[ContainerSettings]) -> None:
    """Load sleepers in place of models; one call at a time is the faster."""

    def load(artifact: Artifact, folder: Path, settings: ContainerSettings) -> Backend:
        loaded.append(settings)
        return Sleeper(0.02 if settings.workers == 2 else 0.002)

    monkeypatch.setattr(calibration, "load_backend", load)
    monkeypatch.setattr(calibration, "version", lambda _: "1")


def settings_of(**env: str) -> ContainerSettings:
    return replace(ContainerSettings.from_environment(env), workers=2)


def test_the_faster_way_is_chosen() -> None:
    backends = {SLOW: Sleeper(0.02), QUICK: Sleeper(0.002)}
    backend, chosen, rates = fastest(backends.__getitem__, 2, 256, 9)
    assert (backend, chosen.workers) == (backends[QUICK], 1)
    assert rates["1 x 2 x 1024"] > rates["2 x 1 x 1024"]


def test_past_the_deadline_the_default_stands() -> None:
    backend = Sleeper(0)
    found = fastest(lambda _: backend, 2, 256, -1)
    assert (found[0], found[1], list(found[2])) == (backend, SLOW, ["2 x 1 x 1024"])


def test_a_measurement_is_kept_beside_the_model_and_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded: list[ContainerSettings] = []
    loaders(monkeypatch, loaded)
    _, first = load_calibrated(ARTIFACT, tmp_path, settings_of(), 9)
    assert (first.workers, first.threads_per_worker) == (1, 2)
    event = json.loads(capsys.readouterr().out)
    assert (event["event"], event["kept"]) == ("calibration", True)
    loaded.clear()
    _, second = load_calibrated(ARTIFACT, tmp_path, settings_of(), 0)
    assert second == first
    assert loaded == [first], "loaded once, as measured"


def test_without_a_record_an_endpoint_takes_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[ContainerSettings] = []
    loaders(monkeypatch, loaded)
    _, used = load_calibrated(ARTIFACT, tmp_path, settings_of(), 0)
    assert used == settings_of() == loaded[0]
    assert not (tmp_path / TUNING_FILE).exists()


@pytest.mark.parametrize("name", ["MODEL_WORKERS", "MODEL_BUDGET_TOKENS"])
def test_what_is_told_is_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    loaders(monkeypatch, [])
    told = settings_of(**{name: "2"})
    assert load_calibrated(ARTIFACT, tmp_path, told, 9)[1] == told


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    assert not write_tuning(tmp_path / "missing", "key", SLOW)


@pytest.mark.parametrize("text", ["", "[]", '{"key": {"workers": "many"}}', '{"key": [1]}'])
def test_an_illegible_record_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / TUNING_FILE).write_text(text)
    assert read_tuning(tmp_path, "key") is None
    assert write_tuning(tmp_path, "key", QUICK)
    assert read_tuning(tmp_path, "key") == QUICK


def test_records_of_other_processors_stay(tmp_path: Path) -> None:
    write_tuning(tmp_path, "one", SLOW)
    write_tuning(tmp_path, "other", QUICK)
    assert (read_tuning(tmp_path, "one"), read_tuning(tmp_path, "other")) == (SLOW, QUICK)


@given(st.integers(1, 128))
def test_no_way_uses_more_cores_than_given(cores: int) -> None:
    ways = widths(cores)
    assert ways[0] == Tuning(cores, 1, 1024)
    assert {way.budget_tokens for way in budgets(ways[0])} == {512, 2048}
    assert all(way.workers * way.threads_per_worker == cores for way in ways)


def cpu(*, int8: bool, bf16: bool) -> Cpu:
    return Cpu("some", 2, False, int8, bf16)


@pytest.mark.parametrize(
    ("processor", "agreement", "has_fp32", "expected"),
    [
        (cpu(int8=True, bf16=True), 0.99, True, Precision.INT8),
        (cpu(int8=True, bf16=True), None, True, Precision.INT8),
        (cpu(int8=True, bf16=True), 0.97, True, Precision.BF16),
        (cpu(int8=True, bf16=False), 0.97, True, Precision.FP32),
        (cpu(int8=True, bf16=True), 0.97, False, Precision.INT8),
        (cpu(int8=False, bf16=True), 0.99, True, Precision.BF16),
        (cpu(int8=False, bf16=False), 0.99, True, Precision.FP32),
        (cpu(int8=False, bf16=False), 0.99, False, Precision.INT8),
    ],
)
def test_the_precision_keeps_the_released_labels(
    processor: Cpu, agreement: float | None, has_fp32: bool, expected: Precision
) -> None:
    assert choose_precision(processor, agreement, has_fp32) is expected


def test_an_unknown_precision_is_refused() -> None:
    assert settings_of(MODEL_PRECISION="fp32").precision is Precision.FP32
    with pytest.raises(SettingsError, match="MODEL_PRECISION"):
        settings_of(MODEL_PRECISION="int4")
