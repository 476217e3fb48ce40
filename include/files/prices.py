"""Reads and writes the price book: `include/prices/*.toml`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.domain.errors import UnknownPrice
from include.domain.money.prices import Price, PriceBook, PriceKey, Service, Term, Unit

PRICES_FOLDER = Path(__file__).resolve().parents[1] / "prices"
PUBLISHED_FOLDER = PRICES_FOLDER / "published"
"""Prices as they were when the figures of `include.domain.what_if.cases` were printed."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OfferUsage(_Table):
    """Where a section's prices stand in AWS's price list.

    Attributes:
        offer: the offer code of the file.
        sku: the attribute of a product that is our `sku`.
        where: attributes that the product has besides.
    """

    offer: str
    sku: str
    where: dict[str, str]


class Section(_Table):
    """Prices of one service, unit and term, of one day and source; `usd` by sku."""

    service: Service
    unit: Unit
    term: Term
    as_of: date
    source: str = Field(min_length=1)
    usage: OfferUsage | None = None
    usd: dict[str, float] = Field(min_length=1)

    def prices(self) -> Iterable[Price]:
        """Yield the section's prices."""
        for sku, usd in self.usd.items():
            key = PriceKey(self.service, sku, self.term)
            yield Price(key, self.unit, usd, self.as_of, self.source)


class PriceFile(_Table):
    """One file of the book."""

    region: str
    section: list[Section]


def read_price_file(path: Path) -> PriceFile:
    """Read one file.

    Raises:
        UnknownPrice: it cannot be read, is no TOML, or is not of the form of `PriceFile`.
    """
    try:
        with path.open("rb") as file:
            return PriceFile.model_validate(tomllib.load(file))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as exc:
        raise UnknownPrice(f"{path}: {exc}") from exc


@cache
def load_price_book(folder: Path = PRICES_FOLDER) -> PriceBook:
    """Read every file of a folder once.

    Raises:
        UnknownPrice: a file is broken, two regions are mixed, or a price stands twice.
    """
    files = [read_price_file(path) for path in sorted(folder.glob("*.toml"))]
    regions = {file.region for file in files}
    if len(regions) != 1:
        raise UnknownPrice(f"{folder}: prices of {', '.join(sorted(regions)) or 'no region'}")
    sections = [section for file in files for section in file.section]
    try:
        return PriceBook.of(regions.pop(), (each for s in sections for each in s.prices()))
    except ValueError as exc:
        raise UnknownPrice(f"{folder}: {exc}") from exc


def format_price_file(file: PriceFile, heading: str) -> str:
    """Return a file's text; `heading` is its first comment, as it stands."""
    parts = [heading.rstrip("\n"), "", f"region = {json.dumps(file.region)}"]
    for section in file.section:
        parts += ["", "[[section]]"]
        parts += [f"{name} = {value}" for name, value in _fields(section)]
        parts += ["", "[section.usd]"]
        parts += [f"{json.dumps(sku)} = {_decimal(usd)}" for sku, usd in section.usd.items()]
    return "\n".join([*parts, ""])


def heading_of(path: Path) -> str:
    """Return the comment lines that a file begins with."""
    lines = path.read_text().splitlines()
    count = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "\n".join(lines[:count])


def _fields(section: Section) -> Iterable[tuple[str, str]]:
    yield "service", json.dumps(section.service.value)
    yield "unit", json.dumps(section.unit.value)
    yield "term", json.dumps(section.term.value)
    yield "as_of", section.as_of.isoformat()
    yield "source", json.dumps(section.source, ensure_ascii=False)
    if section.usage is not None:
        where = ", ".join(f"{k} = {json.dumps(v)}" for k, v in section.usage.where.items())
        offer, sku = json.dumps(section.usage.offer), json.dumps(section.usage.sku)
        braces = f"{{ {where} }}" if where else "{}"
        yield "usage", f"{{ offer = {offer}, sku = {sku}, where = {braces} }}"


def _decimal(usd: float) -> str:
    """Return a price without an exponent."""
    return f"{usd:.12f}".rstrip("0").rstrip(".") if usd else "0.0"
