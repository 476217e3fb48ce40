"""`dag.test()` without its long pauses, and what is done meanwhile."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

LOOK_S = 0.1
_LOOKS = "airflow.sdk.definitions.dag"


@contextmanager
def quick_looks(meanwhile: Callable[[], None] | None = None) -> Iterator[None]:
    """Let `dag.test()` look for tasks that can run ten times a second instead of once.

    A run whose first task fails takes one look for each task behind it. Pauses of anything else,
    the product's and its tasks' included, stay as they are.

    Args:
        meanwhile: called at each look, when no task of the run is being run: what a person does who
            is asked something, say. What it raises ends the run.
    """
    pause = time.sleep

    def sleep(seconds: float) -> None:
        is_a_look = sys._getframe(1).f_globals.get("__name__") == _LOOKS
        if is_a_look and meanwhile:
            meanwhile()
        pause(min(seconds, LOOK_S) if is_a_look else seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", sleep)
        yield
