"""Generate the secrets of the Compose stack into `.env`: `python3 scripts/compose_env.py`.

Standard library only. A secret that stands already is kept, so running it again is harmless.
The names do not begin with `TWOLANE_`: Astro hands the whole file to Airflow's containers, and
the product refuses settings it does not know.
"""

from __future__ import annotations

import argparse
import base64
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

DEFAULT_FILE = Path(__file__).resolve().parents[1] / ".env"


def _password() -> str:
    return secrets.token_urlsafe(24)


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


SECRETS: Mapping[str, Callable[[], str]] = {
    "POSTGRES_PASSWORD": _password,
    "AIRFLOW_DATABASE_PASSWORD": _password,
    "MLFLOW_DATABASE_PASSWORD": _password,
    "PRODUCT_DATABASE_PASSWORD": _password,
    "AIRFLOW_ADMIN_PASSWORD": _password,
    "AIRFLOW_FERNET_KEY": _fernet_key,
    "AIRFLOW_JWT_SECRET": _password,
    "AIRFLOW_API_SECRET": _password,
}
"""Every secret that the Compose files name, and how it is made."""


def complete(text: str) -> tuple[str, list[str]]:
    """Return a dotenv text with every secret in it, and the names of those that were added."""
    known = {line.partition("=")[0].strip() for line in text.splitlines() if "=" in line}
    added = [name for name in SECRETS if name not in known]
    if text and not text.endswith("\n"):
        text += "\n"
    return text + "".join(f"{name}={SECRETS[name]()}\n" for name in added), added


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, atomically."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    partial.replace(path)


def main() -> int:
    """Generate what is missing; say where the passwords lie, and print none of them."""
    parser = argparse.ArgumentParser(description="Generate the secrets of the Compose stack.")
    parser.add_argument("--file", type=Path, default=DEFAULT_FILE)
    path: Path = parser.parse_args().file
    text, added = complete(path.read_text() if path.exists() else "")
    write_private(path, text)
    done = f"generated {', '.join(added)}" if added else "nothing was missing"
    print(f"{path}: {done}; Airflow's login is admin with AIRFLOW_ADMIN_PASSWORD")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
