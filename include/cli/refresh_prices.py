"""`python -m include.cli.refresh_prices FILE…`: the price book, brought up to AWS's price list.

FILE is a service's price list file as AWS's Price List Bulk API gives it, in JSON, of one region or
of all (the region's own is far smaller): for example
https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonSageMaker/current/us-east-1/index.json
Nothing is fetched here. Without `--write` the differences are printed and nothing is changed. What
the list does not name, spot prices for one, keeps its price, its date and its source.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from include.domain.errors import UnknownPrice
from include.files.price_list import Offer, read_offer
from include.files.prices import (
    PRICES_FOLDER,
    PriceFile,
    Section,
    format_price_file,
    heading_of,
    read_price_file,
)


@dataclass(frozen=True, slots=True)
class Change:
    """One price of the book beside the list's; `new_usd` is None where the list has none."""

    sku: str
    old_usd: float
    new_usd: float | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 with the reason on stderr."""
    options = _parser().parse_args(arguments)
    try:
        offers = [read_offer(path) for path in options.file]
        touched = 0
        for path in sorted(options.prices.glob("*.toml")):
            file = read_price_file(path)
            refreshed, changes = refresh(file, offers)
            touched += len(changes)
            _print(path, changes)
            if options.write and changes:
                path.write_text(format_price_file(refreshed, heading_of(path)))
    except (UnknownPrice, OSError) as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201
        return 1
    if not touched:
        offered = ", ".join(offer.code for offer in offers)
        print(f"error: nothing in the book has its price in {offered}", file=sys.stderr)  # noqa: T201
        return 1
    if not options.write:
        print("nothing was written; do so with --write")  # noqa: T201
    return 0


def refresh(file: PriceFile, offers: Sequence[Offer]) -> tuple[PriceFile, list[Change]]:
    """Return a file with the prices that the offers name, and what was looked up.

    A section is split where only some of its prices are in the list: the rest keeps its date.

    Raises:
        UnknownPrice: two products of a list with different prices fit one of ours.
    """
    sections: list[Section] = []
    changes: list[Change] = []
    for section in file.section:
        usage = section.usage
        offer = next((o for o in offers if usage is not None and o.code == usage.offer), None)
        if usage is None or offer is None:
            sections.append(section)
            continue
        found = {
            sku: usd
            for sku in section.usd
            if (usd := offer.usd(file.region, {usage.sku: sku, **usage.where})) is not None
        }
        changes += [Change(sku, old, found.get(sku)) for sku, old in section.usd.items()]
        kept = {sku: usd for sku, usd in section.usd.items() if sku not in found}
        if found:
            now = {"usd": found, "as_of": offer.published, "source": offer.source}
            sections.append(section.model_copy(update=now))
        if kept:
            sections.append(section.model_copy(update={"usd": kept}))
    return file.model_copy(update={"section": sections}), changes


def _print(path: Path, changes: Sequence[Change]) -> None:
    for change in changes:
        if change.new_usd is None:
            words = "not in the list; kept"
        elif change.new_usd == change.old_usd:
            words = "unchanged"
        else:
            share = f" ({change.new_usd / change.old_usd - 1:+.1%})" if change.old_usd else ""
            words = f"→ {change.new_usd:.10g}{share}"
        print(f"{path.name}  {change.sku:22} {change.old_usd:.10g} {words}")  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.cli.refresh_prices", description=__doc__
    )
    parser.add_argument("file", type=Path, nargs="+", help="a service's price list file")
    parser.add_argument("--prices", type=Path, default=PRICES_FOLDER, help="folder of the book")
    parser.add_argument("--write", action="store_true", help="change the book")
    return parser


if __name__ == "__main__":
    sys.exit(main())
