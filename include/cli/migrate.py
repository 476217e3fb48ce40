"""`python -m include.cli.migrate`: bring the product's database to the schema of this code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from include.adapters.postgres.migrations import migrate
from include.config import load_settings
from include.domain.errors import TwolaneError


def main(arguments: Sequence[str] | None = None) -> int:
    """Apply pending migrations; doing it twice changes nothing."""
    argparse.ArgumentParser(prog="python -m include.cli.migrate", description=__doc__).parse_args(
        arguments
    )
    try:
        applied = migrate(load_settings().database_url.get_secret_value())
    except TwolaneError as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201 - a command speaks to its caller
        return 1
    for name in applied:
        print(f"applied {name}")  # noqa: T201
    if not applied:
        print("the schema is up to date")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
