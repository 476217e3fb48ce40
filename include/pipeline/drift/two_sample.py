"""Whether two sets of documents are alike, feature by feature."""

from __future__ import annotations

from collections.abc import Sequence

from include.domain.drift.bins import by_label, grouped
from include.domain.drift.features import Feature
from include.domain.drift.sketch import Moments, Sketch, merged
from include.pipeline.drift.count_test import compare_counts
from include.pipeline.drift.scatter import Difference
from include.pipeline.drift.vector_test import compare_vectors


def differences(
    reference: Sequence[Sketch], current: Sequence[Sketch]
) -> dict[Feature, Difference]:
    """Compare two samples in every feature that both have.

    Args:
        reference: one sketch a day; a single one is no day of an account, and what is not known of
            how days differ is assumed.
        current: one sketch a day.
    """
    before, now, days = merged(reference), merged(current), len(current)
    found: dict[Feature, Difference] = {}
    binned = {
        Feature.LENGTH: ([sketch.lengths for sketch in reference], now.lengths),
        Feature.SCORE: ([sketch.scores for sketch in reference], now.scores),
    }
    for feature, (counts, counts_now) in binned.items():
        total = [sum(column) for column in zip(*counts, strict=True)]
        if sum(total) and sum(counts_now):
            *grouped_days, grouped_now = grouped(total, [*counts, counts_now])
            found[feature] = compare_counts(grouped_days, grouped_now, days)
    if before.labels and now.labels:
        *label_days, labels_now = by_label([*(s.labels for s in reference), now.labels])
        found[Feature.LABELS] = compare_counts(label_days, labels_now, days)
    vectors = {Feature.VOCABULARY: [sketch.vocabulary for sketch in reference]}
    vectors_now = {Feature.VOCABULARY: now.vocabulary}
    if before.embedding and now.embedding:
        vectors[Feature.EMBEDDING] = [s.embedding for s in reference if s.embedding]
        vectors_now[Feature.EMBEDDING] = now.embedding
    for feature, moments in vectors.items():
        samples = _samples(reference, moments)
        found[feature] = compare_vectors(samples, (now.documents, vectors_now[feature]), days)
    return found


def _samples(sketches: Sequence[Sketch], moments: Sequence[Moments]) -> list[tuple[int, Moments]]:
    return [(each.documents, found) for each, found in zip(sketches, moments, strict=True)]
