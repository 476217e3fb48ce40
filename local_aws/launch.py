"""Exec trampoline: tie a child's life to its parent's, then become the command.

``python -I -S launch.py PARENT_PID SIGNAL NICENESS COMMAND...`` asks the kernel to send SIGNAL when
the parent thread dies (``PR_SET_PDEATHSIG`` survives ``exec``), lowers its own priority by NICENESS
and then replaces itself by COMMAND.
A trampoline instead of ``preexec_fn`` because the latter runs Python between fork and exec of
a threaded process. The kernel watches the *thread* that forked, so callers spawn from the main
thread. Off Linux there is no such request, and the child is merely started.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> None:
    """Set signal and priority and exec ``argv[4:]``; exit 1 if the parent has gone already."""
    parent_pid, death_signal, niceness = (int(argument) for argument in argv[1:4])
    command = argv[4:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent_pid:
            sys.exit(1)
    _yield_processor(niceness)
    os.execvp(command[0], command)  # noqa: S606 - our own command


def _yield_processor(niceness: int) -> None:
    if niceness == 0:
        return
    os.nice(niceness)
    # Where Linux groups processes by session (sched(7), "The autogroup feature"), niceness counts
    # within a session alone; among sessions it is the group's own that does.
    try:
        group = os.open("/proc/self/autogroup", os.O_WRONLY)
    except FileNotFoundError:
        return
    os.write(group, str(niceness).encode())
    os.close(group)


if __name__ == "__main__":
    main(sys.argv)
