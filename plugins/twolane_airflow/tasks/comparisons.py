"""Comparing a challenger with the champion as Airflow tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Param, task
from airflow.sdk.exceptions import AirflowFailException

from include.domain.comparison.comparison import Kind, Plan
from include.domain.errors import (
    ComparisonRefused,
    PromotionRefused,
    TwolaneError,
    UnknownModelAlias,
)
from twolane_airflow import form_fields
from twolane_airflow.failures import failed_before, no_retry_on
from twolane_airflow.tasks.promotions import decider

_SHARE: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}

COMPARISON_PARAMS = {
    "action": Param(
        "start",
        type="string",
        enum=["start", "stop", "promote"],
        title="Action",
        description="To promote is to make the challenger champion on the last one's evidence.",
    ),
    "model_name": form_fields.model_name(
        "Its aliases champion and challenger are compared; the default model if empty."
    ),
    "kind": Param(
        Kind.SHADOW.value, type="string", enum=[each.value for each in Kind], title="Kind"
    ),
    "account_share": Param(
        0.1,
        **_SHARE,
        title="Share of accounts",
        description="Of a canary: accounts whose batches the challenger answers. 0.1 is a tenth.",
    ),
    "document_share": Param(
        0.1,
        **_SHARE,
        title="Share of documents",
        description="Of each closed batch: those that the other version answers too.",
    ),
    "margin": Param(
        0.02,
        **_SHARE,
        title="Margin",
        description="Accuracies that differ by no more count as equal: 0.02 is two points.",
    ),
    "level": Param(
        0.05,
        **_SHARE,
        title="Level",
        description="Probability of a wrong finding, at most.",
    ),
    "max_documents": Param(20_000, type="integer", minimum=1, title="Documents, at most"),
    "batch_documents": Param(
        500, type="integer", minimum=1, title="Documents of one batch, at most"
    ),
    "budget_usd": Param(
        1.0, type="number", exclusiveMinimum=0, title="Budget, USD", description="At list price."
    ),
    "days": Param(14.0, type="number", exclusiveMinimum=0, title="Days, at most"),
}


@task
def act(params: Any = None, dag_run: Any = None) -> str:
    """Do what the form asks; return the comparison's id, or the promotion's line of the history."""
    from include.pipeline.promotion.move_champion import describe
    from include.wiring.models.model_life import model_life

    life = model_life()
    name = params["model_name"] or life.settings.model_name
    with no_retry_on(ComparisonRefused, PromotionRefused, UnknownModelAlias, ValueError):
        match params["action"]:
            case "stop":
                stopped = life.stop_comparison(name, by=decider(dag_run))
                if stopped is None:
                    raise ComparisonRefused(f"model {name}: no comparison runs")
                return stopped.comparison_id
            case "promote":
                return describe(life.promote_winner(name, by=decider(dag_run)))
            case _:
                plan = _plan(params)
                return life.start_comparison(plan, name, started_by=decider(dag_run)).comparison_id


@task
def feed() -> None:
    """Look at every comparison that runs.

    Raises:
        TwolaneError: some could not be fed, each with its reason; the others were nevertheless.
    """
    from include.wiring.models.model_life import model_life

    life, failures = model_life(), []
    for comparison in life.comparisons.all_running():
        about = f"{comparison.model_name}: {comparison.comparison_id}"
        try:
            print(f"{about}: {life.watch_comparison(comparison)}")  # noqa: T201
        except TwolaneError as exc:
            failures.append(f"{about}: {exc}")
    if failures:
        raise TwolaneError(" | ".join(failures))


@task(trigger_rule="all_done")
def report(after: str, ti: Any = None) -> list[str]:
    """Report what has ended; return where each report stands.

    Args:
        after: id of the task before it.
        ti: the task instance, given by Airflow.

    Raises:
        AirflowFailException: the task before has failed, which the run would not show otherwise;
            what has ended is reported.
    """
    from include.wiring.models.model_life import model_life

    reports = model_life().report_comparisons()
    for each in reports:
        print(each)  # noqa: T201
    if why := failed_before(after, ti):
        raise AirflowFailException(why)
    return reports


def _plan(params: Mapping[str, Any]) -> Plan:
    kind = Kind(params["kind"])
    return Plan(
        kind,
        account_share=float(params["account_share"]) if kind is Kind.CANARY else 0.0,
        document_share=float(params["document_share"]),
        level=float(params["level"]),
        margin=float(params["margin"]),
        max_documents=int(params["max_documents"]),
        batch_documents=int(params["batch_documents"]),
        budget_usd=float(params["budget_usd"]),
        days=float(params["days"]),
    )
