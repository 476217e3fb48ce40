"""Which candidate a release proposes: the cheapest that is no worse than the best."""

from __future__ import annotations

from dataclasses import dataclass

from include.domain.release.evaluation import Evaluation

_MILLION = 1_000_000


def usd_per_million_documents(documents_per_s: float, price_usd_per_h: float) -> float:
    """Return the list cost of a million documents at a measured rate, start and tail left out."""
    return _MILLION / documents_per_s * price_usd_per_h / 3600


@dataclass(frozen=True, slots=True)
class Contender:
    """One candidate beside the best.

    Attributes:
        usd_per_million: list cost of a million documents.
        accuracy_low: lower bound of its accuracy less the best one's; 0 for the best itself.
        is_no_worse: whether that bound is within the margin.
    """

    key: str
    accuracy: float
    macro_f1: float
    documents_per_s: float
    usd_per_million: float
    accuracy_low: float
    is_no_worse: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a release proposes, and why.

    Attributes:
        key: the proposed candidate.
        best: the candidate of the highest accuracy.
        margin: accuracy that the proposed one may be behind the best, 0 to 1.
        contenders: every candidate, the cheapest first.
        reason: one sentence.
    """

    key: str
    best: str
    margin: float
    contenders: tuple[Contender, ...]
    reason: str


def propose(
    evaluation: Evaluation, *, price_usd_per_h: float, margin: float, is_emulated: bool
) -> Proposal:
    """Return the cheapest candidate that is statistically no worse than the best.

    No worse is meant as in a non-inferiority test: the one-sided lower bound of the paired
    difference in accuracy is at or above -`margin`. So little evidence favours the best one, never
    the cheap one.

    Args:
        price_usd_per_h: of the hardware that the rates were measured on.
        is_emulated: whether that hardware was a stand-in; the reason says so.

    Raises:
        ValueError: there is no candidate.
    """
    if not evaluation.candidates:
        raise ValueError("a proposal needs a candidate")
    models = evaluation.models
    best = max(
        evaluation.candidates,
        key=lambda key: (models[key].accuracy, models[key].macro_f1, models[key].documents_per_s),
    )
    contenders = []
    for key in evaluation.candidates:
        low = 0.0 if key == best else evaluation.pair(key, best).accuracy_low
        contenders.append(
            Contender(
                key=key,
                accuracy=models[key].accuracy,
                macro_f1=models[key].macro_f1,
                documents_per_s=models[key].documents_per_s,
                usd_per_million=usd_per_million_documents(
                    models[key].documents_per_s, price_usd_per_h
                ),
                accuracy_low=low,
                is_no_worse=low >= -margin,
            )
        )
    contenders.sort(key=lambda each: each.usd_per_million)
    chosen = next(each for each in contenders if each.is_no_worse)
    reason = _reason(chosen, best, contenders, evaluation, margin, is_emulated)
    return Proposal(chosen.key, best, margin, tuple(contenders), reason)


def _reason(
    chosen: Contender,
    best: str,
    contenders: list[Contender],
    evaluation: Evaluation,
    margin: float,
    is_emulated: bool,
) -> str:
    emulated = " (emulated)" if is_emulated else ""
    cost = f"${chosen.usd_per_million:.4f}{emulated} a million documents"
    accuracy = f"{chosen.accuracy:.1%} of {evaluation.documents} documents right"
    if chosen.key == best:
        cheaper = [each.key for each in contenders if each.usd_per_million < chosen.usd_per_million]
        why = (
            f"of the cheaper ones ({', '.join(cheaper)}) none is shown to be within "
            f"{margin * 100:g} points of it"
            if cheaper
            else "no candidate is cheaper"
        )
        return f"{chosen.key}: the best, {accuracy}, {cost}; {why}."
    return (
        f"{chosen.key}: {accuracy}, {cost}; at most {-chosen.accuracy_low * 100:.2f} points behind "
        f"{best} with {evaluation.confidence:.0%} confidence ({margin * 100:g} allowed), "
        "and the cheapest of which that is shown."
    )
