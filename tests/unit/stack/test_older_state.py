from pathlib import Path

import pytest

from stack.errors import StepFailed
from stack.older_state import with_next_step
from stack.paths import Paths
from stack.up import run_product_command

STATE = Path("/there/.twolane")


def test_an_update_that_was_rolled_back_says_how_to_begin_anew():
    failure = "provision failed (exit 1): stack twolane is UPDATE_ROLLBACK_COMPLETE: Policy: taken"
    said = with_next_step(failure, STATE)
    assert said.startswith(failure)
    assert "/there/.twolane" in said
    assert "make clean" in said


def test_another_failure_is_told_as_it_is():
    assert with_next_step("no such bucket", STATE) == "no such bucket"


def test_a_start_that_fails_so_says_it(tmp_path, monkeypatch):
    def fails(*_: object) -> None:
        raise StepFailed("stack twolane is UPDATE_ROLLBACK_FAILED")

    monkeypatch.setattr("stack.up.run_command", fails)
    with pytest.raises(StepFailed, match="make clean"):
        run_product_command(Paths(tmp_path, tmp_path / "state"), "provision", [], {}, lambda: False)
