"""Commands for child processes that must not outlive their parent."""

import os
import signal
import sys
from pathlib import Path

_TRAMPOLINE = Path(__file__).with_name("launch.py")


def bound_to_parent(
    command: list[str], death_signal: signal.Signals, *, niceness: int = 0
) -> list[str]:
    """Wrap ``command`` so that it gets ``death_signal`` when this process dies.

    With a niceness of 1 to 19 it yields the processor to others. Spawn the result from the main
    thread: the kernel ties the child to the thread that forked.
    """
    trampoline = [sys.executable, "-I", "-S", str(_TRAMPOLINE)]
    return [*trampoline, str(os.getpid()), str(int(death_signal)), str(niceness), *command]
