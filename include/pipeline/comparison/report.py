"""What a comparison found, for a person to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from include.domain.comparison.comparison import Comparison, Ending, Kind
from include.domain.comparison.sequential_test import difference_interval, disagreement_interval
from include.pipeline.comparison.ports import Figures, Side

_MINUS = "–"


def render_report(
    comparison: Comparison, ending: Ending, figures: Figures, *, is_emulated: bool
) -> str:
    """Return the report in Markdown.

    Args:
        is_emulated: list costs are what the emulated time would have cost.
    """
    plan, ours, other = comparison.plan, comparison.champion, comparison.challenger
    lines = [
        f"# {plan.kind.value.capitalize()} of {comparison.model_name}: "
        f"version {other.version} beside version {ours.version}",
        "",
        f"**{ending.finding.value.capitalize()}**: {ending.reason}.",
        "",
        f"Comparison `{comparison.comparison_id}`, started by {comparison.started_by} at "
        f"{comparison.started_at:%Y-%m-%d %H:%M} UTC, ended at {ending.at:%Y-%m-%d %H:%M} UTC.",
        "",
        *_table("Asked", ("", ""), _asked(comparison)),
        *_table("The same documents, both versions", ("", ""), _paired(comparison, figures)),
        *_table(
            "Shares of labels on these documents",
            ("Label", "champion", "challenger", "change"),
            _labels(figures.pairs),
        ),
        *_table(
            "Documents answered differently",
            ("champion says", "challenger says", "documents"),
            _differences(figures.pairs),
        ),
        *_table(
            "Batches since the comparison began, on every lane",
            ("", "champion", "challenger"),
            _sides(figures.champion, figures.challenger, is_emulated=is_emulated),
        ),
        "The two sides of the last table are other accounts: what differs there need not be the "
        "versions' doing.",
    ]
    return "\n".join(lines) + "\n"


def _table(title: str, head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    body = [f"| {' | '.join(row)} |" for row in rows]
    if not body:
        return iter(())
    ruler = "|" + "---|" * len(head)
    return chain((f"## {title}", "", f"| {' | '.join(head)} |", ruler), body, ("",))


def _asked(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    plan = comparison.plan
    if plan.kind is Kind.CANARY:
        yield "Accounts the challenger answers", _percent(plan.account_share)
    yield "Documents of a batch the other version answers too", _percent(plan.document_share)
    yield "Probability of a wrong finding, at most", _percent(plan.level)
    yield "Margin within which accuracies count as equal", f"{100 * plan.margin:g} points"
    yield "Documents, at most", f"{plan.max_documents:,} ({plan.batch_documents:,} a batch)"
    yield "Budget, list cost", f"{plan.budget_usd:g} USD"
    yield "Days, at most", f"{plan.days:g}"


def _paired(comparison: Comparison, figures: Figures) -> Iterator[tuple[str, ...]]:
    level, evidence = comparison.plan.level, figures.evidence
    yield (
        "Documents",
        f"{evidence.documents:,} of {figures.batches:,} batches and {figures.accounts:,} accounts",
    )
    yield "Refused by one of the versions", f"{figures.refused:,}"
    low, high = disagreement_interval(evidence, level=level)
    yield (
        "Agreement",
        f"{_percent(1 - evidence.disagreement)} ({_percent(1 - high)} to {_percent(1 - low)})",
    )
    labelled = evidence.labelled.total
    yield "Labelled since", f"{labelled:,}"
    if labelled:
        low, high = difference_interval(evidence, level=level)
        yield "Accuracy of the champion on them", _percent(figures.champion_right / labelled)
        yield "Accuracy of the challenger", _percent(figures.challenger_right / labelled)
        yield (
            "Difference, points",
            f"{100 * evidence.labelled.mean:+.2f} ({100 * low:+.2f} to {100 * high:+.2f})",
        )
    probe = figures.probe
    if probe.documents:
        yield (
            "Seconds a document, one warm call: champion",
            f"{probe.champion_s / probe.documents:.4f}",
        )
        yield "the same: challenger", f"{probe.challenger_s / probe.documents:.4f}"
    yield "List cost of the comparison, USD", f"{figures.spending.list_cost_usd:.6f}"


def _labels(pairs: Mapping[tuple[str, str], int]) -> Iterator[tuple[str, ...]]:
    total = sum(pairs.values())
    for label in sorted({each for pair in pairs for each in pair}):
        ours = sum(count for pair, count in pairs.items() if pair[0] == label) / total
        other = sum(count for pair, count in pairs.items() if pair[1] == label) / total
        yield _cell(label), _percent(ours), _percent(other), f"{100 * (other - ours):+.1f} points"


def _differences(pairs: Mapping[tuple[str, str], int]) -> Iterator[tuple[str, ...]]:
    differing = ((pair, count) for pair, count in pairs.items() if pair[0] != pair[1])
    for (ours, other), count in sorted(differing, key=lambda each: (-each[1], each[0]))[:20]:
        yield _cell(ours), _cell(other), f"{count:,}"


def _sides(champion: Side, challenger: Side, *, is_emulated: bool) -> Iterator[tuple[str, ...]]:
    both = (champion, challenger)
    yield "Accounts", *(f"{each.accounts:,}" for each in both)
    yield "Batches", *(f"{each.batches:,}" for each in both)
    yield "Batches that failed", *(f"{each.failed_batches:,}" for each in both)
    yield "Documents", *(f"{each.documents:,}" for each in both)
    yield (
        "Seconds a batch, from submission to both stores",
        *(f"{each.elapsed_s / each.batches:.2f}" if each.batches else _MINUS for each in both),
    )
    what = "emulated" if is_emulated else "list"
    yield (
        f"USD a million documents ({what} cost)",
        *(
            f"{1e6 * each.list_cost_usd / each.documents:.2f}" if each.documents else _MINUS
            for each in both
        ),
    )


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
