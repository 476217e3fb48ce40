"""`python -m benchmarks.page.compare figures.json`: the page's figures against the tables.

The file holds what a page shows, as `docs/screenshots.py --figures` reads it from a browser:
`{"first": …, "last": …, "figures": {name: value}}`. Each figure is computed again by `truth.sql`,
which shares nothing with the page's own queries.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

TRUTH = Path(__file__).with_name("truth.sql")
ALWAYS_SHOWN = ("day/", "lane/", "waste/", "queue/")
"""Of these every line stands on the page; accounts and models beyond a dozen are summed up."""


class PageReader(HTMLParser):
    """Collects the `figures` of a rendered page; feed it the HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.figures: dict[str, float] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a figure that has a value."""
        values = dict(attrs)
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


def main() -> int:
    """Compare; return 1 where something differs."""
    seen: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    first, last = date.fromisoformat(seen["first"]), date.fromisoformat(seen["last"])
    true = truth(os.environ["TWOLANE_DATABASE_URL"], first, last)
    wrong = differences(seen["figures"], true)
    print("\n".join([*wrong, f"{len(seen['figures'])} figures compared, {len(wrong)} differ"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
