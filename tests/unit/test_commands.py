"""What a person meets who runs a command by hand: help, one clear line, an exit code."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import include.cli
from include.config import load_settings
from include.domain.errors import SettingsRefused
from include.files.lanes_file import load_lanes

COMMANDS = {
    path.stem: []
    for path in Path(include.cli.__file__).parent.glob("*.py")
    if "__main__" in path.read_text()
} | {
    "champion": ["history"],
    "import_model": ["--name", "own", "--mlflow", "models:/own/1"],
    "redrive": ["express"],
    "what_if": ["backtest"],
}
WITHOUT_SETTINGS = {"catalog", "refresh_prices"}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without the one setting that has no default."""
    monkeypatch.delenv("TWOLANE_DATABASE_URL", raising=False)
    load_settings.cache_clear()
    return monkeypatch


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_is_help_and_does_nothing(
    name: str, bare: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"include.cli.{name}").main(["--help"])
    assert ended.value.code == 0
    assert f"include.cli.{name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - WITHOUT_SETTINGS))
def test_a_missing_setting_is_one_line(
    name: str, bare: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert importlib.import_module(f"include.cli.{name}").main(COMMANDS[name]) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "TWOLANE_DATABASE_URL: Field required" in told[0]


def test_a_setting_that_is_wrong_is_named_without_what_was_given(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("TWOLANE_DATABASE_URL", "postgresql://u:secret@db/x")
    bare.setenv("TWOLANE_WORK_RETENTION_DAYS", "soon")
    with pytest.raises(SettingsRefused, match=r"TWOLANE_WORK_RETENTION_DAYS: .*integer") as refused:
        load_settings()
    assert "soon" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "No such file"),
        ("lanes = ", "Invalid value"),
        ("lanes = 3", "lanes: Input should be"),
        ("[lanes.spot]\ninstance_type = 3", "lanes.spot.instance_type: Input should be"),
    ],
)
def test_a_lanes_file_that_is_wrong_is_one_line(
    text: str | None, problem: str, tmp_path: Path
) -> None:
    path = tmp_path / "lanes.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsRefused, match=problem) as refused:
        load_lanes(path)
    assert "\n" not in str(refused.value)


def test_a_registry_that_is_away_is_not_waited_for_by_the_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mlflow.environment_variables import MLFLOW_HTTP_REQUEST_MAX_RETRIES

    from include.adapters.mlflow_client import MAX_RETRIES, configure

    monkeypatch.setenv(MLFLOW_HTTP_REQUEST_MAX_RETRIES.name, "5")
    configure()
    assert MLFLOW_HTTP_REQUEST_MAX_RETRIES.get() == 5
    monkeypatch.delenv(MLFLOW_HTTP_REQUEST_MAX_RETRIES.name)
    configure()
    assert MLFLOW_HTTP_REQUEST_MAX_RETRIES.get() == MAX_RETRIES < 5
