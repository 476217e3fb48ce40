"""Exec trampoline: tie a child's life to its parent's, then become the command.

``python -I -S launch.py PARENT_PID SIGNAL COMMAND...`` asks the kernel to send SIGNAL when the
parent thread dies (``PR_SET_PDEATHSIG`` survives ``exec``) and then replaces itself by COMMAND.
A trampoline instead of ``preexec_fn`` because the latter runs Python between fork and exec of
a threaded process. The kernel watches the *thread* that forked, so callers spawn from the main
thread. Off Linux there is no such request, and the child is merely started.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> None:
    """Set the death signal and exec ``argv[3:]``; exit 1 if the parent has gone already."""
    parent_pid, death_signal, command = int(argv[1]), int(argv[2]), argv[3:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent_pid:
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - our own command


if __name__ == "__main__":
    main(sys.argv)
