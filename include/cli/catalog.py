"""`python -m include.cli.catalog`: check the catalogue against its data, and print it.

Of every model the labels with their documents, and what a batch costs on each lane, by its size:
at list prices, with starts and idle tails. The lanes' tokens a second are the encoder's; a linear
model takes a small part of the time, and a release measures how small. The documents' length is
that of the model's own data.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from include.domain.batches.documents import estimate_tokens
from include.domain.errors import TwolaneError
from include.domain.lanes import LaneProfile
from include.domain.release.catalog import CATALOG_FILE, ModelEntry, load_catalog
from include.files.lanes_file import load_lanes
from include.pipeline.release.labelled_files import read_labelled

ROOT = Path(__file__).resolve().parents[2]
LANES = Path(__file__).resolve().parents[1] / "lanes" / "aws.toml"
BATCHES = (1_000, 10_000, 1_000_000)
"""Documents, where costs are told: a start weighs most in the first, nothing in the last."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in a model's data.

    Attributes:
        documents: by label.
        mean_tokens: estimated tokens of a document, as far as the model reads it.
    """

    documents: Counter[str]
    mean_tokens: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 sound, 1 with a line on stderr for each problem."""
    options = _parser().parse_args(arguments)
    problems: list[str] = []
    try:
        catalog = load_catalog(options.catalog)
        profiles = load_lanes(options.lanes).profiles()
    except (TwolaneError, OSError, ValueError) as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201
        return 1
    for entry in catalog.models.values():
        try:
            contents = look(entry, options.root)
        except TwolaneError as exc:
            problems.append(f"{entry.name}: {exc}")
            continue
        problems += [f"{entry.name}: {each}" for each in problems_of(entry, contents)]
        print("\n".join(_lines(entry, contents, profiles)))  # noqa: T201
    for bundle in catalog.bundles.values():
        print(f"{bundle.name}: {bundle.title}; one pass for {', '.join(bundle.heads)}")  # noqa: T201
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)  # noqa: T201
    return 1 if problems else 0


def look(entry: ModelEntry, root: Path) -> Contents:
    """Read a model's data.

    Raises:
        ReleaseFailed: the file is missing, or a row of it is no labelled document.
    """
    documents: Counter[str] = Counter()
    tokens = 0
    for document in read_labelled(root / entry.data):
        documents[document.label] += 1
        tokens += estimate_tokens(document.text, entry.max_tokens)
    return Contents(documents, tokens / max(1, documents.total()))


def problems_of(entry: ModelEntry, contents: Contents) -> list[str]:
    """Return where an entry and its data differ."""
    found, named = set(contents.documents), set(entry.labels)
    problems = [f"label {label!r} has no document" for label in sorted(named - found)]
    problems += [f"label {label!r} is in the data alone" for label in sorted(found - named)]
    return problems


def _lines(entry: ModelEntry, contents: Contents, profiles: Sequence[LaneProfile]) -> list[str]:
    counts = ", ".join(f"{label} {contents.documents[label]}" for label in entry.labels)
    return [
        f"{entry.name}: {entry.title} ({', '.join(entry.languages)}; {entry.max_tokens} tokens)",
        f"  {entry.limits}",
        f"  {contents.documents.total()} documents: {counts}",
        *(f"  {_costs(count, contents.mean_tokens, profiles)}" for count in BATCHES),
    ]


def _costs(documents: int, mean_tokens: float, profiles: Sequence[LaneProfile]) -> str:
    """Return what a batch costs on the lanes that take one of its size, the cheapest first."""
    tokens = round(documents * mean_tokens)
    found = sorted(
        (each.list_cost_usd(tokens), each.lane.value)
        for each in profiles
        if each.admits(documents, tokens)
    )
    costs = ", ".join(f"{lane} ${usd:.3g}" for usd, lane in found)
    return f"{documents:,} documents of {mean_tokens:.0f} tokens: {costs}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.cli.catalog", description=__doc__)
    parser.add_argument("--catalog", type=Path, default=CATALOG_FILE, help="the catalogue")
    parser.add_argument("--lanes", type=Path, default=LANES, help="the lanes file")
    parser.add_argument("--root", type=Path, default=ROOT, help="what the data's paths begin at")
    return parser


if __name__ == "__main__":
    sys.exit(main())
