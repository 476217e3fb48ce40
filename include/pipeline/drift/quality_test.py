"""Whether answers have become worse, by the labels that came back."""

from __future__ import annotations

from scipy.stats import hypergeom

from include.domain.drift.features import Feature
from include.domain.drift.policy import Comparison, DriftPolicy, Source, Stream
from include.pipeline.drift.ports import LabelledAnswers, TrainingFacts


def compare_quality(
    stream: Stream, found: LabelledAnswers, facts: TrainingFacts, policy: DriftPolicy
) -> Comparison | None:
    """Compare the accuracy of a window with what it was; None where too little is labelled.

    It was what the account's earlier labels say, or, without enough of them, what the version
    reached on held-out documents. People label what looks wrong to them rather than a sample, which
    the first of the two allows for and the second does not.
    """
    labelled, earlier = found.right + found.wrong, found.right_before + found.wrong_before
    if labelled < policy.min_documents:
        return None
    if earlier >= policy.min_documents:
        source, right, wrong = Source.OWN, found.right_before, found.wrong_before
    elif facts.accuracy is not None and facts.held_out:
        right = round(facts.accuracy * facts.held_out)
        source, wrong = Source.TRAINING, facts.held_out - right
    else:
        return None
    before, now = right / (right + wrong), found.right / labelled
    return Comparison(
        stream,
        Feature.QUALITY,
        policy.quality_days,
        source,
        documents=labelled,
        reference_documents=right + wrong,
        effect=max(0.0, before - now),
        p_value=_worse_by_chance(found.right, found.wrong, right, wrong),
        note=f"accuracy {before:.1%} → {now:.1%}",
    )


def _worse_by_chance(right: int, wrong: int, right_before: int, wrong_before: int) -> float:
    """Fisher's exact test, one-sided: so many wrong answers or more in the window."""
    labelled, wrongs = right + wrong, wrong + wrong_before
    everything = labelled + right_before + wrong_before
    return float(hypergeom.sf(wrong - 1, everything, wrongs, labelled))
