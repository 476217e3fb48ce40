"""The expectation suites, read from the JSON files beside this module.

Each file is a suite as Great Expectations writes one. The `meta` of an expectation adds what it
means here: `name`, `words` for the report, the quarantine `reason` of a row that fails it (none
where the row brings its own), and `detail`, a sentence in `str.format` form over the row's columns
and the suite's parameters. The order of the expectations decides which reason a row gets that
fails more than one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from include.domain.batches.documents import QuarantineReason

FOLDER = Path(__file__).parent / "suites"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one expectation means to the product.

    Attributes:
        name: unique in its suite.
        expectation_type: Great Expectations' name for it.
        words: the expectation as a person would say it; unique over all suites.
        reason: why a row that fails it is set aside; None where the row says so itself.
        detail: template of the sentence about one such row.
    """

    name: str
    expectation_type: str
    words: str
    reason: QuarantineReason | None
    detail: str


@dataclass(frozen=True, slots=True)
class SuiteFile:
    """One suite: `configuration` as Great Expectations takes it, and its rules in order."""

    name: str
    title: str
    row: str
    configuration: dict[str, Any]
    rules: tuple[Rule, ...]


@cache
def load_suite(name: str) -> SuiteFile:
    """Read a suite.

    Raises:
        FileNotFoundError: there is none of that name.
        KeyError: an expectation's meta lacks an entry.
        ValueError: a reason is unknown.
    """
    configuration = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return SuiteFile(
        name=configuration["name"],
        title=configuration["meta"]["title"],
        row=configuration["meta"]["row"],
        configuration=configuration,
        rules=tuple(_rule(entry) for entry in configuration["expectations"]),
    )


def _rule(entry: dict[str, Any]) -> Rule:
    meta = entry["meta"]
    return Rule(
        name=meta["name"],
        expectation_type=entry["type"],
        words=meta["words"],
        reason=QuarantineReason(meta["reason"]) if meta["reason"] else None,
        detail=meta["detail"],
    )
