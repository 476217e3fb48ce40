"""Loopback ports for servers that tests start, apart between processes that run tests at once."""

from __future__ import annotations

import itertools
import os
import socket

#: Below the ports that Linux gives outgoing connections, which would take one while it is unused.
FIRST, COUNT = 12_000, 20_000
_APART = 4_001
_offsets = itertools.count()


def free_port() -> int:
    """A loopback port that nobody listens on, and that this process has not been given before."""
    while True:
        port = FIRST + (os.getpid() * _APART + next(_offsets)) % COUNT
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
