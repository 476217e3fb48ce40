"""Loopback ports for servers, apart between processes that look for some at once."""

from __future__ import annotations

import fcntl
import itertools
import os
import socket
import tempfile
from pathlib import Path

#: Above the stack's own ports, below those that Linux gives outgoing connections (from 32,768):
#: one of these would be taken between its choice and its use.
FIRST, COUNT = 20_000, 12_000
_APART = 4_001
_offsets = itertools.count()
_claims: dict[int, int] = {}


def free_port() -> int:
    """Return a loopback port that nobody listens on and no other process has been given.

    A server listens on it only later, so it stays the caller's until the process ends.

    Raises:
        OSError: the file of claims in the temporary folder cannot be opened.
    """
    while True:
        offset = (os.getpid() * _APART + next(_offsets)) % COUNT
        if _claim(offset) and _is_unused(FIRST + offset):
            return FIRST + offset


def _claim(offset: int) -> bool:
    """Lock the port's byte of a file that this user's processes share; False where one has it."""
    process = os.getpid()
    if process not in _claims:
        file = Path(tempfile.gettempdir(), f"twolane-ports-{os.getuid()}")
        _claims[process] = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.lockf(_claims[process], fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
    except BlockingIOError:
        return False
    return True


def _is_unused(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
