"""Figures of any label have a name that MLflow takes, and one of their own."""

from __future__ import annotations

import pytest
from mlflow.utils.validation import _validate_metric, _validate_metric_name

from include.adapters.mlflow_client import as_metrics

LABELS = (
    "Sci/Tech",
    "R&D",
    "R+D",
    "R_D",
    "C++",
    "N/A?",
    "Großhandel",
    "a//b",
    "a/",
    "/a",
    ".",
    "..",
)


@pytest.mark.parametrize("label", [*LABELS, "x" * 400])
def test_a_label_becomes_a_name_that_mlflow_takes(label: str) -> None:
    (name,) = as_metrics({f"f1/{label}": 0.5})
    _validate_metric_name(name)
    _validate_metric(name, 0.5, 0, 0)


def test_no_figure_takes_the_place_of_another() -> None:
    values = {f"f1/{label}": number / 100 for number, label in enumerate(LABELS)}
    named = as_metrics(values)
    assert list(named.values()) == list(values.values())
    assert named["f1/Sci/Tech"] == 0
    assert [named["f1/R_D"], named["f1/R_D-2"], named["f1/R_D-3"]] == [0.01, 0.02, 0.03]
