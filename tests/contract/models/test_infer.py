"""The training job that infers: a shard's output is its checkpoint, whatever ends the job."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.container import MODELS, environment, python_of, run_command, trivial_model

SHARDS = 6
DOCUMENTS = 20_000


@pytest.fixture
def ml_root(tmp_path: Path) -> Path:
    """A training job's `/opt/ml` with six shards."""
    data = tmp_path / "ml/input/data"
    (data / "documents").mkdir(parents=True)
    (data / "model").mkdir()
    folder = trivial_model(tmp_path / "artifact")
    with tarfile.open(data / "model/model.tar.gz", "w:gz") as tar:
        tar.add(folder / "model.json", "model.json")
    for shard in range(SHARDS):
        lines = [json.dumps({"id": f"{shard}-{n}", "text": f"t{n}"}) for n in range(DOCUMENTS)]
        (data / "documents" / f"{shard:05d}.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path / "ml"


def done(ml_root: Path) -> dict[str, int]:
    """Lines of each checkpoint; nothing else may lie there, as SageMaker uploads all of it."""
    folder = ml_root / "checkpoints"
    if not folder.exists():
        return {}
    return {path.name: path.read_bytes().count(b"\n") for path in sorted(folder.iterdir())}


def events(stdout: str) -> list[str]:
    lines = [json.loads(line) for line in stdout.splitlines() if line.startswith("{")]
    return [f"{each['event']} {each.get('shard', '')}".strip() for each in lines]


def start(ml_root: Path, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [python_of("serving"), str(MODELS / "entrypoint.py"), "infer"],
        env=environment(ml_root, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(is_true: Callable[[], object], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not is_true():
        assert process.poll() is None, "it ended before the moment that was waited for"
        assert time.monotonic() < deadline
        time.sleep(0.001)


def whole() -> dict[str, int]:
    return {f"{shard:05d}.jsonl.out": DOCUMENTS for shard in range(SHARDS)}


@pytest.mark.parametrize("shards_done", [0, 1, 4])
def test_a_kill_costs_the_shard_in_flight(ml_root: Path, shards_done: int) -> None:
    process = start(ml_root)
    scratch = ml_root / "scratch"
    wait_until(
        lambda: len(done(ml_root)) >= shards_done and scratch.exists() and any(scratch.iterdir()),
        process,
    )
    process.send_signal(signal.SIGKILL)
    process.communicate()

    kept = done(ml_root)
    again = run_command("serving", "infer", ml_root)

    assert again.returncode == 0, again.stderr
    assert len(kept) >= shards_done
    assert set(kept.values()) <= {DOCUMENTS}, "only whole shards"
    assert done(ml_root) == whole()
    log = events(again.stdout)
    assert [e for e in log if e.startswith("shard_skipped")] == [
        f"shard_skipped {name.removesuffix('.out')}" for name in kept
    ]
    assert sum(e.startswith("shard_done") for e in log) == SHARDS - len(kept)


def test_a_notice_is_used_for_the_shard_in_hand_and_no_other(ml_root: Path) -> None:
    process = start(ml_root)
    wait_until(lambda: len(done(ml_root)) >= 1, process)
    process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=30)

    assert process.returncode == 0
    assert "terminated" in stderr
    kept = done(ml_root)
    assert 1 <= len(kept) < SHARDS
    assert set(kept.values()) == {DOCUMENTS}
    log = events(stdout)
    assert sum(e.startswith("shard_done") for e in log) == len(kept)
    assert sum(e.startswith("shard_left") for e in log) == SHARDS - len(kept)
    assert not any((ml_root / "scratch").iterdir())


def test_a_notice_that_is_too_short_gives_the_shard_up(ml_root: Path) -> None:
    lines = (ml_root / "input/data/documents/00000.jsonl").read_text()
    (ml_root / "input/data/documents/00000.jsonl").write_text(lines * 40)
    process = start(ml_root, TERMINATION_GRACE_S="1")
    wait_until(lambda: any((ml_root / "scratch").glob("*")), process)
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)

    assert process.returncode == 0
    assert time.monotonic() - started < 10
    assert done(ml_root) == {}
    assert not any((ml_root / "scratch").iterdir())


def test_a_checkpoint_that_was_cut_off_is_done_again(ml_root: Path) -> None:
    assert run_command("serving", "infer", ml_root).returncode == 0
    first = ml_root / "checkpoints/00000.jsonl.out"
    second = ml_root / "checkpoints/00001.jsonl.out"
    full = first.read_bytes()
    os.truncate(first, len(full) // 2)
    os.truncate(second, second.stat().st_size - 1)

    again = run_command("serving", "infer", ml_root)

    assert first.read_bytes() == full
    assert done(ml_root) == whole()
    assert sum(e.startswith("shard_done") for e in events(again.stdout)) == 2
