"""A real PostgreSQL for tests: one server a session on a free loopback port, a database a test."""

from __future__ import annotations

import itertools
import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from include.adapters.postgres.migrations import migrate
from local_aws.ports import free_port
from stack.components.postgres import allow_traversal, binaries, server_owner

_numbers = itertools.count()


class PostgresServer:
    """A running server; `new_database` makes an empty database and returns its URL."""

    def __init__(self, port: int, password: str) -> None:
        self.port = port
        self._password = password

    def url(self, database: str = "postgres") -> str:
        """The superuser's URL of a database."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        """Make a database from a template and return its URL."""
        name = f"test_{next(_numbers)}"
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)


@contextmanager
def running_postgres(folder: Path) -> Iterator[PostgresServer]:
    """A server with its data in `folder`, stopped when the block ends. Nothing is flushed."""
    owner, password, port = server_owner(), secrets.token_urlsafe(18), free_port()
    data, secret = folder / "data", folder / "password"
    data.mkdir(parents=True)
    secret.write_text(password)
    if owner.uid is not None and owner.gid is not None:
        for path in (folder, data, secret):
            os.chown(path, owner.uid, owner.gid)
        allow_traversal(folder)
        allow_traversal(binaries())
    as_owner = {
        "cwd": "/",
        "user": owner.uid,
        "group": owner.gid,
        "extra_groups": None if owner.uid is None else [],
        "env": {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
        "check": True,
        "stdout": subprocess.DEVNULL,
    }
    initdb = [str(binaries() / "initdb"), "-D", str(data), "-U", "postgres", "--no-sync"]
    initdb += ["--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C.UTF-8"]
    subprocess.run(initdb, **as_owner)  # type: ignore[call-overload]
    pg_ctl = [str(binaries() / "pg_ctl"), "-D", str(data), "-w", "-l", str(data / "server.log")]
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories='' -F"
    subprocess.run([*pg_ctl, "-o", options, "start"], **as_owner)  # type: ignore[call-overload]
    try:
        yield PostgresServer(port, password)
    finally:
        subprocess.run([*pg_ctl, "-m", "immediate", "stop"], **as_owner)  # type: ignore[call-overload]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the session."""
    with (
        tempfile.TemporaryDirectory(prefix="twolane-postgres-") as folder,
        running_postgres(Path(folder)) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def product_template(postgres_server: PostgresServer) -> str:
    """Name of a migrated database to copy from."""
    url = postgres_server.new_database()
    migrate(url)
    return url.rsplit("/", 1)[1]


@pytest.fixture
def product_database_url(postgres_server: PostgresServer, product_template: str) -> str:
    """URL of a migrated database of the test's own."""
    return postgres_server.new_database(product_template)
