"""The what-if form's use case: traffic through a fleet of one's own, beside those one knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from include.domain.errors import ScenarioRefused
from include.domain.what_if.answer import Answer, answer
from include.domain.what_if.scenario import Arrival, Scenario
from include.pipeline.page.figures import Window
from include.pipeline.page.ports import PageBook

MOST_BATCHES = 2_000
"""Batches that are played: a form is answered while somebody waits."""

MOST_KEPT = 100
"""Instances a fleet keeps at the least, for the same reason."""

LONGEST = timedelta(days=1100)
"""From the first batch to the last."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the form asks.

    Attributes:
        window: of the ledger's batches, where `uploaded` is None.
        account: whose batches; everyone's when None.
        uploaded: traffic of one's own.
        deadline_s: for every batch, in place of its own.
    """

    window: Window
    account: str | None = None
    uploaded: Sequence[Arrival] | None = None
    deadline_s: float | None = None


def ask_what_if(
    question: Question, scenarios: Sequence[Scenario], book: PageBook
) -> Sequence[Answer]:
    """Return what each fleet would have done, the cheapest first.

    Raises:
        ScenarioRefused: there is no traffic, or more than a form is answered for, or a fleet that
            would never be done with it.
        StoreError: the ledger does not answer.
    """
    if question.uploaded is None:
        arrivals = book.traffic(question.window, question.account, MOST_BATCHES + 1)
    else:
        arrivals = question.uploaded
    if not sum(each.documents for each in arrivals):
        raise ScenarioRefused("no traffic: no batch closed in that time, or the file has none")
    if len(arrivals) > MOST_BATCHES:
        raise ScenarioRefused(
            f"more than {MOST_BATCHES:,} batches: take fewer days or one account, or use "
            "python -m include.cli.what_if run, which takes any number"
        )
    if question.deadline_s is not None:
        arrivals = [
            Arrival(each.at, each.documents, each.tokens, question.deadline_s) for each in arrivals
        ]
    if max(each.at for each in arrivals) - min(each.at for each in arrivals) > LONGEST:
        raise ScenarioRefused(f"the traffic goes over more than {LONGEST.days:,} days")
    if any(each.min_replicas > MOST_KEPT for each in scenarios):
        raise ScenarioRefused(f"at most {MOST_KEPT} instances may be kept at the least")
    try:
        answers = [answer(each, arrivals) for each in scenarios]
    except OverflowError as exc:
        raise ScenarioRefused("a batch takes longer than there are years") from exc
    return sorted(answers, key=lambda each: each.cost_usd)
