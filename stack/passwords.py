"""Secrets of one stack: generated at its first start, kept in one file of mode 0600."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Passwords:
    """Every generated secret.

    Attributes:
        airflow_admin: login `admin` of Airflow's pages and REST API.
        postgres: the database server's superuser; also one password a database role.
        fernet_key: encrypts connections in Airflow's metadata.
        jwt_secret: signs the tokens of Airflow's APIs.
        api_secret: signs Airflow's sessions and log requests.
    """

    airflow_admin: str
    postgres: str
    database_airflow: str
    database_mlflow: str
    database_twolane: str
    fernet_key: str
    jwt_secret: str
    api_secret: str


def generate() -> Passwords:
    """Return fresh secrets from the operating system's randomness."""
    return Passwords(
        airflow_admin=secrets.token_urlsafe(12),
        postgres=secrets.token_urlsafe(24),
        database_airflow=secrets.token_urlsafe(24),
        database_mlflow=secrets.token_urlsafe(24),
        database_twolane=secrets.token_urlsafe(24),
        fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        jwt_secret=secrets.token_urlsafe(64),
        api_secret=secrets.token_urlsafe(32),
    )


def load_or_generate(path: Path) -> tuple[Passwords, bool]:
    """Return the stack's secrets and whether they were made just now."""
    if path.exists():
        return Passwords(**json.loads(path.read_text())), False
    passwords = generate()
    write_private(path, json.dumps(asdict(passwords), indent=2) + "\n")
    return passwords, True


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    partial.replace(path)
