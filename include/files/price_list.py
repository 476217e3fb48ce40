"""Reads a service's price list file, as AWS's Price List Bulk API gives it.

`products` holds the products by AWS's own SKU, each with its attributes; `terms.OnDemand` holds by
the same SKU the offer terms, each with its price dimensions. Source: AWS Billing user guide,
"Reading the service price list file".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from include.domain.errors import UnknownPrice

IGNORED_OPERATIONS = ("RunInstances:",)
"""EC2's operations beyond plain Linux (`RunInstances:0002` is Windows, and so on) have a suffix."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One file.

    Attributes:
        code: `AmazonSageMaker`, for example.
        published: the day that AWS gives for it.
        products: attributes by AWS's SKU.
        on_demand: the terms on demand by AWS's SKU.
    """

    code: str
    published: date
    version: str
    products: Mapping[str, Mapping[str, str]]
    on_demand: Mapping[str, Mapping[str, Any]]

    @property
    def source(self) -> str:
        """What to cite."""
        return f"AWS Price List, {self.code}, version {self.version}"

    def usd(self, region: str, attributes: Mapping[str, str]) -> float | None:
        """Return the price on demand of a product, None where the list has no such product.

        The first tier's, where the price depends on the quantity.

        Raises:
            UnknownPrice: several products fit, and their prices differ.
        """
        wanted = {"regionCode": region, **attributes}
        prices = {
            price
            for sku, product in self.products.items()
            if _fits(product, wanted)
            for price in self._first_tiers(sku)
            if price > 0
        }
        if len(prices) > 1:
            raise UnknownPrice(f"{self.source}: {dict(wanted)} has the prices {sorted(prices)}")
        return prices.pop() if prices else None

    def _first_tiers(self, sku: str) -> Iterator[float]:
        for term in self.on_demand.get(sku, {}).values():
            for dimension in term["priceDimensions"].values():
                if float(dimension.get("beginRange", 0)) == 0:
                    yield float(dimension["pricePerUnit"]["USD"])


def read_offer(path: Path) -> Offer:
    """Read a price list file.

    Raises:
        UnknownPrice: it is none.
    """
    try:
        with path.open("rb") as file:
            text = json.load(file)
        return Offer(
            code=text["offerCode"],
            published=datetime.fromisoformat(text["publicationDate"]).date(),
            version=text["version"],
            products={sku: each["attributes"] for sku, each in text["products"].items()},
            on_demand=text["terms"].get("OnDemand", {}),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise UnknownPrice(f"{path}: no price list file of AWS ({exc!r})") from exc


def _fits(product: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    if any(product.get(name) != value for name, value in wanted.items()):
        return False
    return not product.get("operation", "").startswith(IGNORED_OPERATIONS)
