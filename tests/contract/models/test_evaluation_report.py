"""The contract of `evaluation.json`, from the side that writes it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from tests.support.container import CONTRACT
from tests.support.evaluation import GOLDEN, golden_report


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    return json.loads((GOLDEN / "evaluation.json").read_text())


def test_the_golden_file_keeps_the_schema(golden: dict[str, Any]) -> None:
    schema = json.loads((CONTRACT / "evaluation.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(golden, schema)


def test_the_golden_answers_give_the_golden_file(golden: dict[str, Any]) -> None:
    assert golden_report() == golden


def test_every_pair_is_there_over_everything_and_over_each_slice(golden: dict[str, Any]) -> None:
    keys = set(golden["models"])
    slices = {None, *golden["models"]["champion"]["slices"]}
    pairs = {(pair["model"], pair["against"], pair["slice"]) for pair in golden["pairs"]}
    assert pairs == {(a, b, s) for a in keys for b in keys - {a} for s in slices}
    assert len(golden["pairs"]) == len(pairs)
    assert {s.split(":")[0] for s in slices if s} == {"length", "label", "slice"}
