"""Whether a comparison is over, and what it then says: in the order that matters to a person."""

from __future__ import annotations

from datetime import datetime

from include.domain.comparison.comparison import Comparison, Ending, Finding, Kind
from include.domain.comparison.sequential_test import (
    Evidence,
    difference_interval,
    disagreement_interval,
    judge,
)
from include.pipeline.comparison.ports import Spending


def decide_ending(
    comparison: Comparison,
    evidence: Evidence,
    spending: Spending,
    *,
    overtaken: str,
    now: datetime,
) -> Ending | None:
    """Return the ending of a comparison that is over, None while it goes on.

    Args:
        overtaken: why the two versions no longer are champion and challenger; empty while they are.
    """
    plan = comparison.plan
    finding = judge(evidence, level=plan.level, margin=plan.margin)
    if finding is not Finding.UNDECIDED:
        return Ending(finding, describe_finding(comparison, evidence, finding), now)
    reason = overtaken or _used_up(comparison, spending, now)
    if not reason:
        return None
    return Ending(finding, f"{reason}; {_so_far(comparison, evidence)}", now)


def describe_finding(comparison: Comparison, evidence: Evidence, finding: Finding) -> str:
    """Return in a sentence what a finding rests on."""
    if finding is Finding.UNDECIDED:
        return f"nothing is sure yet; {_so_far(comparison, evidence)}"
    said = {
        Finding.BETTER: "more accurate than",
        Finding.WORSE: "less accurate than",
        Finding.EQUIVALENT: f"within {100 * comparison.plan.margin:g} points of the accuracy of",
    }[finding]
    return (
        f"version {comparison.challenger.version} is {said} version "
        f"{comparison.champion.version}; {_so_far(comparison, evidence)}"
    )


def _so_far(comparison: Comparison, evidence: Evidence) -> str:
    level = comparison.plan.level
    low, high = disagreement_interval(evidence, level=level)
    text = (
        f"they differ on {evidence.differing:,} of {evidence.documents:,} documents "
        f"({100 * low:.1f} to {100 * high:.1f} %)"
    )
    if not evidence.labelled.total:
        return f"{text}, none of them labelled"
    low, high = difference_interval(evidence, level=level)
    return (
        f"{text}; on {evidence.labelled.total:,} labelled ones the difference of accuracy is "
        f"{100 * evidence.labelled.mean:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"
    )


def _used_up(comparison: Comparison, spending: Spending, now: datetime) -> str:
    plan = comparison.plan
    if plan.kind is Kind.CANARY and spending.failed_batches >= plan.max_failed_batches:
        return (
            f"{spending.failed_batches} batches of version {comparison.challenger.version} failed"
        )
    if spending.documents >= plan.max_documents:
        return f"all {plan.max_documents:,} documents are used up"
    if spending.list_cost_usd >= plan.budget_usd:
        return f"the budget of {plan.budget_usd:g} USD is used up"
    if now >= comparison.ends_by:
        return f"{plan.days:g} days are over"
    return ""
