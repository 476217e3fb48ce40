"""Merging the quality gate's answers over shards."""

from __future__ import annotations

from collections.abc import Sequence

from include.pipeline.ports.quality import ExpectationResult

SAMPLES_KEPT = 5


def merge_results(
    left: Sequence[ExpectationResult], right: Sequence[ExpectationResult]
) -> list[ExpectationResult]:
    """Add counts expectation by expectation, keeping the first few samples and the order."""
    merged = {result.expectation: result for result in left}
    for result in right:
        known = merged.get(result.expectation)
        if known is None:
            merged[result.expectation] = result
        else:
            merged[result.expectation] = ExpectationResult(
                expectation=result.expectation,
                evaluated_count=known.evaluated_count + result.evaluated_count,
                unexpected_count=known.unexpected_count + result.unexpected_count,
                samples=(known.samples + result.samples)[:SAMPLES_KEPT],
            )
    return list(merged.values())
