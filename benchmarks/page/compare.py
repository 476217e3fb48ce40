"""`python -m benchmarks.page.compare`: the page's figures against the tables, on the running stack.

Logs in to Airflow and reads the page, or takes what a browser saw of it, a file that
`docs/screenshots.py --figures` wrote. Each figure is computed again by `truth.sql`, which shares
nothing with the page's own queries.
"""

from __future__ import annotations

import json
import math
import os
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

TRUTH = Path(__file__).with_name("truth.sql")
ALWAYS_SHOWN = ("day/", "lane/", "waste/", "queue/", "alert/", "week/", "champion/", "challenger/")
"""Of these every line stands on the page; accounts and models beyond a dozen are summed up."""


class PageReader(HTMLParser):
    """Collects the `figures` of a rendered page and its days; feed it the HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.figures: dict[str, float] = {}
        self.first = self.last = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a figure that has a value."""
        values = dict(attrs)
        self.first = values.get("data-first") or self.first
        self.last = values.get("data-last") or self.last
        name, value = values.get("data-figure"), values.get("data-value")
        if name and value and self.figures.setdefault(name, float(value)) != float(value):
            raise ValueError(f"two figures called {name} differ")


def figures_of(html: str) -> dict[str, float]:
    """Return every figure of a rendered page by its name."""
    reader = PageReader()
    reader.feed(html)
    return reader.figures


def truth(database_url: str, first: date, last: date) -> dict[str, float]:
    """Return what the page should show of the days, from the tables."""
    import psycopg

    with psycopg.connect(database_url) as connection:
        rows = connection.execute(TRUTH.read_bytes(), {"first": first, "last": last}).fetchall()
    return {name: value for name, value in rows if value is not None}


def differences(shown: Mapping[str, float], true: Mapping[str, float]) -> list[str]:
    """Return a line for each figure that is wrong, that nothing explains, or that is missing."""
    found = []
    for name, value in sorted(shown.items()):
        if name.endswith("/…"):
            continue
        if name not in true and value == 0:
            continue  # a group without a row
        if name not in true:
            found.append(f"{name}: {value} is shown, the tables have none")
        elif not math.isclose(value, true[name], rel_tol=1e-9, abs_tol=1e-12):
            found.append(f"{name}: {value} is shown, the tables have {true[name]}")
    missing = [n for n in true if n.startswith(ALWAYS_SHOWN) and n not in shown]
    return found + [f"{name}: not shown, the tables have {true[name]}" for name in sorted(missing)]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows: figures by name, of the days from the first to the last."""

    first: date
    last: date
    figures: Mapping[str, float]


def shown_to_a_browser(path: Path) -> Shown:
    """Return what `docs/screenshots.py --figures` has written."""
    seen: dict[str, Any] = json.loads(path.read_text())
    first, last = (date.fromisoformat(seen[name]) for name in ("first", "last"))
    return Shown(first, last, seen["figures"])


def shown_to_a_client(address: str, username: str, password: str) -> Shown:
    """Log in to Airflow at `address` and return what the page shows."""
    login = json.dumps({"username": username, "password": password}).encode()
    token = json.loads(_call(f"{address}/auth/token", login))["access_token"]
    html = _call(f"{address}/twolane/", token=token).decode()
    reader = PageReader()
    reader.feed(html)
    return Shown(date.fromisoformat(reader.first), date.fromisoformat(reader.last), reader.figures)


def _call(url: str, body: bytes | None = None, token: str = "") -> bytes:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - our own stack
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
        return bytes(answer.read())


def main() -> int:
    """Compare; return 1 where something differs."""
    variables = os.environ
    if sys.argv[1:]:
        shown = shown_to_a_browser(Path(sys.argv[1]))
    else:
        logins = Path(variables["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
        password = json.loads(logins.read_text())["admin"]
        shown = shown_to_a_client(variables["AIRFLOW__API__BASE_URL"], "admin", password)
    true = truth(variables["TWOLANE_DATABASE_URL"], shown.first, shown.last)
    wrong = differences(shown.figures, true)
    print("\n".join([*wrong, f"{len(shown.figures)} figures compared, {len(wrong)} differ"]))
    return 1 if wrong or not shown.figures else 0


if __name__ == "__main__":
    sys.exit(main())
