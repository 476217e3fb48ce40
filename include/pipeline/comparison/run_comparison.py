"""Start a comparison, feed it from the batches that have closed, end it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from include.domain.comparison.comparison import (
    Comparison,
    Ending,
    Finding,
    Plan,
    new_comparison,
)
from include.domain.comparison.sequential_test import judge
from include.domain.errors import ComparisonRefused, UnknownModelAlias
from include.domain.promotion.alias import Alias
from include.pipeline.comparison.decide_ending import decide_ending, describe_finding
from include.pipeline.comparison.ports import BatchSample, ComparisonBook, Deploy, ServedBatch
from include.pipeline.ports.directories import ModelRegistry

MAX_BATCHES = 20
"""Looked at in one go; the others wait for the next."""

Score = Callable[[Comparison, ServedBatch, int], BatchSample]
"""Score a batch's documents, so many at the most; see `include.pipeline.comparison.score_batch`."""


@dataclass(frozen=True, slots=True)
class ComparisonPorts:
    """What a comparison needs of the world.

    Attributes:
        now: the time, timezone-aware.
    """

    registry: ModelRegistry
    book: ComparisonBook
    now: Callable[[], datetime]


def start_comparison(
    plan: Plan, model_name: str, *, started_by: str, deploy: Deploy, ports: ComparisonPorts
) -> Comparison:
    """Begin to compare a model's challenger with its champion; asking again finds what has begun.

    The challenger is in service before the first account or document is given to it.

    Raises:
        UnknownModelAlias: the model has no champion or no challenger.
        ComparisonRefused: another comparison of the model runs, or the versions are no rivals.
        PromotionRefused: an endpoint of the challenger answers wrongly.
        EndpointUnavailable: an endpoint of it does not come up, or does not answer.
    """
    champion = ports.registry.resolve(model_name, Alias.CHAMPION)
    challenger = ports.registry.resolve(model_name, Alias.CHALLENGER)
    running = ports.book.running(model_name)
    if running is not None:
        if (running.plan, running.champion, running.challenger) == (plan, champion, challenger):
            return running
        raise ComparisonRefused(
            f"{model_name}: {running.plan.kind.value} {running.comparison_id} of version "
            f"{running.challenger.version} runs since {running.started_at:%Y-%m-%d %H:%M} UTC; "
            "stop it first"
        )
    known, new = (set(ports.registry.card(each).labels) for each in (champion, challenger))
    if known != new:
        raise ComparisonRefused(
            f"{challenger.label} answers with other labels than {champion.label}: "
            f"{', '.join(sorted(known ^ new))}"
        )
    try:
        comparison = new_comparison(
            plan, champion, challenger, started_by=started_by, at=ports.now()
        )
    except ValueError as exc:
        raise ComparisonRefused(f"model {model_name}: {exc}") from exc
    deploy(challenger, champion)
    ports.book.open(comparison)
    return comparison


def watch_comparison(comparison: Comparison, *, score: Score, ports: ComparisonPorts) -> str:
    """Feed a comparison from the batches closed since, and end it as soon as there is a reason.

    Returns:
        Where it stands, in a sentence.

    Raises:
        TwolaneError: what scoring raises; what was scored before is kept.
    """
    ending = _look(comparison, ports)
    waiting = [] if ending else ports.book.waiting(comparison, limit=MAX_BATCHES)
    for batch in waiting:
        left = comparison.plan.max_documents - ports.book.spending(comparison).documents
        limit = min(left, comparison.plan.batch_documents)
        ports.book.record(comparison.comparison_id, score(comparison, batch, limit))
        ending = _look(comparison, ports)
        if ending is not None:
            break
    if ending is None:
        return _stand(comparison, ports)[1]
    ports.book.end(comparison.comparison_id, ending)
    return f"ended, {ending.finding.value}: {ending.reason}"


def stop_comparison(model_name: str, *, by: str, ports: ComparisonPorts) -> Comparison | None:
    """End a model's comparison because a person says so; None where none runs."""
    running = ports.book.running(model_name)
    if running is None:
        return None
    finding, so_far = _stand(running, ports)
    ending = Ending(finding, f"stopped by {by}; {so_far}", ports.now())
    ports.book.end(running.comparison_id, ending)
    return running


def _stand(comparison: Comparison, ports: ComparisonPorts) -> tuple[Finding, str]:
    """Return what is sure so far, and the sentence that says so."""
    evidence = ports.book.evidence(comparison.comparison_id)
    plan = comparison.plan
    finding = judge(evidence, level=plan.level, margin=plan.margin)
    return finding, describe_finding(comparison, evidence, finding)


def _look(comparison: Comparison, ports: ComparisonPorts) -> Ending | None:
    return decide_ending(
        comparison,
        ports.book.evidence(comparison.comparison_id),
        ports.book.spending(comparison),
        overtaken=_overtaken(comparison, ports.registry),
        now=ports.now(),
    )


def _overtaken(comparison: Comparison, registry: ModelRegistry) -> str:
    """Return why the two versions no longer are champion and challenger; empty while they are."""
    for alias, expected in (
        (Alias.CHAMPION, comparison.champion),
        (Alias.CHALLENGER, comparison.challenger),
    ):
        try:
            found = registry.resolve(comparison.model_name, alias)
        except UnknownModelAlias:
            return f"there is no {alias.value} any more"
        if found != expected:
            return f"version {found.version} is the {alias.value} now"
    return ""
