"""One lazily opened connection, and the way its errors are told."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from include.domain.errors import StoreError

if TYPE_CHECKING:
    import psycopg


class Database:
    """The product's PostgreSQL database.

    Connects when first used, again after the connection was lost, and afresh after a fork, since
    a connection must not be shared with the parent. Transactions of several threads take turns.

    Args:
        url: libpq URL.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.RLock()
        self._connection: psycopg.Connection[Any] | None = None
        self._process_id = 0

    @contextmanager
    def transaction(self, about: str) -> Iterator[psycopg.Connection[Any]]:
        """Run the block in one transaction: all of it stands afterwards, or nothing.

        Args:
            about: what the block is about, with its identifiers, for the message of an error.

        Raises:
            StoreError: the database cannot be reached, or refuses.
        """
        import psycopg

        with self._lock:
            try:
                connection = self._connected()
                with connection.transaction():
                    yield connection
            except (psycopg.Error, UnicodeError) as exc:
                raise StoreError(f"{about}: {_explain(exc)}") from exc

    def close(self) -> None:
        """Close the connection, if there is one; the next use opens another."""
        with self._lock:
            if self._connection is not None and self._process_id == os.getpid():
                self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection[Any]:
        import psycopg

        is_ours = self._process_id == os.getpid()
        if self._connection is None or not is_ours or self._connection.closed:
            # Statements are not prepared: a pooler in front of Aurora would lose them.
            self._connection = psycopg.connect(
                self._url,
                autocommit=True,
                prepare_threshold=None,
                connect_timeout=10,
                keepalives_idle=30,
                application_name="twolane",
            )
            self._process_id = os.getpid()
        return self._connection


def _explain(exc: Exception) -> str:
    """Return the server's first line, with its detail; never the connection's URL."""
    diagnostic = getattr(exc, "diag", None)
    primary = getattr(diagnostic, "message_primary", None)
    if primary is None:
        return f"{type(exc).__name__}: {' '.join(str(exc).split())}"
    detail = getattr(diagnostic, "message_detail", None)
    return f"{primary} ({detail})" if detail else str(primary)
