"""The distribution that `make bench-latency` reports."""

from __future__ import annotations

import pytest

from benchmarks.latency import quantile, summary


@pytest.mark.parametrize(
    ("count", "share", "rank"),
    [(200, 0.99, 198), (200, 0.9, 180), (100, 0.99, 99), (70, 0.99, 70), (1, 0.99, 1)],
)
def test_a_quantile_is_a_value_that_was_measured(count, share, rank):
    assert quantile(range(1, count + 1), share) == rank


def test_the_summary_keeps_every_run_in_its_order():
    found = summary([(50, 0.9), (1, 0.5), (10, 0.7)])

    assert (found["runs"], found["median_s"], found["max_s"]) == (3, 0.7, 0.9)
    assert found["documents_and_seconds"] == [[50, 0.9], [1, 0.5], [10, 0.7]]
