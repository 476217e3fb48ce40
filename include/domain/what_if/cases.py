"""Published figures, computed again from their own inputs and the prices of their day.

Sources: a case study of a dual-pipeline classification platform (December 2024), a survey of GPU
instances (early 2025) and a study of packing three thousand models (2021); EC2, US East, and months
of 720 hours, as they have them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from include.domain.money.prices import PriceBook, Term
from include.domain.what_if.purchase import HOURS_PER_YEAR, OwnServer

MONTH_H = 720
TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class Case:
    """One figure.

    Attributes:
        rounding: half a unit of the last digit that was printed.
        note: what to think of a difference; empty where there is none.
        is_least: the inputs give no figure but a bound: `computed` is the least it can be.
    """

    what: str
    published: float
    computed: float
    rounding: float = 0.5
    note: str = ""
    is_least: bool = False

    @property
    def agrees(self) -> bool:
        """Whether the figure follows from its own inputs: within 2 %, or within its rounding.

        Where they give a bound alone: whether it is kept.
        """
        room = max(TOLERANCE * abs(self.published), self.rounding)
        if self.is_least:
            return self.published >= self.computed - room
        return abs(self.computed - self.published) <= room


_TABLE = (
    ("p4d.24xlarge", 32.77, 13.10),
    ("p5.48xlarge", 98.32, 39.33),
    ("g5.xlarge", 1.01, 0.30),
    ("g5.2xlarge", 1.21, 0.36),
    ("g6.xlarge", 0.80, 0.24),
    ("inf2.xlarge", 0.76, 0.23),
    ("trn1.32xlarge", 21.50, 6.45),
)
_WORKED = (
    (1, "p4d.24xlarge", 8, 262, 105),
    (4, "p4d.24xlarge", 24, 3_146, 1_258),
    (1, "g5.2xlarge", 48, 58, 17),
    (50, "g5.xlarge", 2, 101, 30),
    (64, "p5.48xlarge", 14 * 24, 8_400_000, 3_400_000),
)


def published_cases(prices: PriceBook) -> list[Case]:
    """Return every case, computed with a price book of the time in which they were published.

    Raises:
        UnknownPrice: the book lacks an instance.
    """
    return [
        *_prices(prices),
        *_worked(prices),
        *_months(prices),
        *_fleets(prices),
        *_packed(),
        *_rest(prices),
    ]


def _prices(prices: PriceBook) -> Iterator[Case]:
    for name, on_demand, spot in _TABLE:
        yield Case(f"{name}, $/h", on_demand, prices.instance(name).usd, 0.005)
        yield Case(f"{name} on spot, $/h", spot, prices.instance(name, Term.SPOT).usd, 0.005)


def _worked(prices: PriceBook) -> Iterator[Case]:
    for count, name, hours, on_demand, spot in _WORKED:
        note = "printed at four times what its own prices give" if count == 64 else ""
        for usd, term in ((on_demand, Term.ON_DEMAND), (spot, Term.SPOT)):
            computed = count * hours * prices.instance(name, term).usd
            words = f"{count} × {name}, {hours} h, {term.value.replace('_', ' ')}, $"
            yield Case(words, usd, computed, note=note)
    for name in ("p4d.24xlarge", "p5.48xlarge", "g5.xlarge"):
        saving = 1 - prices.instance(name, Term.SPOT).usd / prices.instance(name).usd
        note = "" if name == "g5.xlarge" else "its own table gives 60 %"
        yield Case(f"spot's saving on {name}", 0.70, saving, 0.005, note)


def _months(prices: PriceBook) -> Iterator[Case]:
    def month(name: str) -> float:
        return prices.instance(name).usd * MONTH_H

    batch = prices.instance("g5.xlarge", Term.SPOT).usd * 4 * 30
    yield Case("g6.xlarge, 10,000 requests a day, $ a month", 580, month("g6.xlarge"))
    yield Case("g5.2xlarge, 50,000 a day, $ a month", 870, month("g5.2xlarge"))
    yield Case(
        "2 × g5.12xlarge, 100,000 a day, $ a month",
        7_200,
        2 * month("g5.12xlarge"),
        note="that is $5.00 an hour each; the list price is $5.67",
    )
    yield Case("g5.xlarge on spot, 4 h a day, $ a month", 36, batch)
    yield Case("g5.xlarge and that batch, $ a month", 760, month("g5.xlarge") + batch)
    yield Case("wasted at 5 % on g5.xlarge, $ a month", 690, 0.95 * month("g5.xlarge"))
    yield Case("processing job, ml.m5.xlarge, 10 h, $", 2, 10 * prices.instance("ml.m5.xlarge").usd)


def _fleets(prices: PriceBook) -> Iterator[Case]:
    inf1, g4dn = prices.instance("inf1.6xlarge").usd, prices.instance("g4dn.12xlarge").usd
    yield Case("40 × inf1.6xlarge, $/h", 47.2, 40 * inf1, 0.05)
    yield Case(
        "32 × inf1.6xlarge and 21 × g4dn.12xlarge, $/h", 119.91, 32 * inf1 + 21 * g4dn, 0.005
    )


def least_instances(models: int, model_gb: float, instance_gb: float) -> int:
    """Return how many instances models of one size need by memory alone, at the least."""
    return math.ceil(models / math.floor(instance_gb / model_gb))


def _packed() -> Iterator[Case]:
    share = 0.83 * 23 / 78
    yield Case(
        "instances of 7.4 GB for 78 models of 0.8 GB, at the least",
        23,
        least_instances(78, 0.8, 7.4),
        note=f"memory asks for no more: a cap of 83 % on compute fills 23 where a model takes "
        f"{100 * share:.0f} %; what each takes is not published",
        is_least=True,
    )


def _rest(prices: PriceBook) -> Iterator[Case]:
    card = prices.instance("g5.xlarge").usd
    yield Case(
        "g5.xlarge that $0.003 for each of 500,000 documents an hour pays",
        1_500,
        0.003 * 500_000 / card,
        note="so the figure is no raw compute cost",
    )
    start_usd = card * 6.5 / 60
    for documents, usd in ((9, 0.012), (36, 0.003)):
        words = f"g5.xlarge's start of 6.5 min over {documents} documents, $ each"
        note = "the batch's size is ours, the source has none: starts alone explain the figure"
        yield Case(words, usd, start_usd / documents, 0.0005, note)
    a100 = prices.instance("p4d.24xlarge").usd / 8 * HOURS_PER_YEAR
    yield Case(
        "a card of p4d.24xlarge rented for a year, $",
        19_000,
        a100,
        500,
        f"the source names no card; of this one it needs a discount of {1 - 19_000 / a100:.0%}",
    )
    years = OwnServer(15_000, 4).pays_back_years(19_000)
    yield Case("years until $15,000 have paid back $19,000 a year", 15 / 19, years or 0.0, 0.005)
