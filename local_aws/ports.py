"""Loopback ports for servers, apart between processes that look for some at once."""

from __future__ import annotations

import itertools
import os
import socket

#: Above the stack's own ports, below those that Linux gives outgoing connections (from 32,768):
#: one of these would be taken between its choice and its use.
FIRST, COUNT = 20_000, 12_000
_APART = 4_001
_offsets = itertools.count()


def free_port() -> int:
    """Return a loopback port that nobody listens on, and that this process was not given lately."""
    while True:
        port = FIRST + (os.getpid() * _APART + next(_offsets)) % COUNT
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
