from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from benchmarks.engine.contenders import Contender
from benchmarks.engine.turns import Worker, WorkerError, take_turns


class FakeWorker:
    """Answers at once, writes down what it was asked, and fails at the command it is told to."""

    def __init__(self, key: str, asked: list[str], fails_at: str = "") -> None:
        self.contender = Contender(key, key, "none", "none", "int8")
        self.closed = False
        self._asked = asked
        self._fails_at = fails_at

    def read(self) -> dict[str, Any]:
        return self.ask("load")

    def ask(self, command: str) -> dict[str, Any]:
        self._asked.append(f"{self.contender.key} {command}")
        if command == self._fails_at:
            raise WorkerError(f"{self.contender.key} ended")
        return {"seconds": 1.0} if command == "measure" else {command: True}

    def close(self) -> None:
        self.closed = True


def turns(fakes: Sequence[FakeWorker], rounds: int) -> Any:
    return take_turns(cast("list[Worker]", fakes), rounds, lambda text: None)


def test_all_are_warm_before_any_is_timed_and_rounds_begin_with_different_ones() -> None:
    asked: list[str] = []
    fakes = [FakeWorker(key, asked) for key in "abc"]
    measured = turns(fakes, rounds=3)
    timed = [line.split()[0] for line in asked if line.endswith("measure")]
    assert asked.index("a measure") > asked.index("c outputs")
    assert timed == list("abcbcacab")
    assert [len(one.rounds) for one in measured] == [3, 3, 3]
    assert measured[0].settings == {"load": True, "tune": True, "outputs": True}
    assert all(fake.closed for fake in fakes)


@pytest.mark.parametrize("step", ["load", "tune", "outputs", "measure"])
def test_who_fails_drops_out_alone_and_says_why(step: str) -> None:
    asked: list[str] = []
    fakes = [FakeWorker("a", asked, fails_at=step), FakeWorker("b", asked)]
    failed, fine = turns(fakes, rounds=2)
    assert failed.failed == "a ended"
    assert failed.rounds == []
    assert fine.failed is None
    assert len(fine.rounds) == 2
    assert asked.count(f"a {step}") == 1
    assert fakes[0].closed


def test_a_process_that_ends_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    contender = Contender("x", "X", "none", "no_such_module", "int8")
    worker = Worker.start(contender, Path(sys.executable), tmp_path)
    with pytest.raises(WorkerError, match="X ended with 1: ModuleNotFoundError"):
        worker.read()
    worker.close()
