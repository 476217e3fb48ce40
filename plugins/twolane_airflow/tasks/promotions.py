"""Promotions, rollbacks and retirement as Airflow tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from airflow.sdk import task

from include.domain.errors import PromotionRefused, UnknownModelAlias
from twolane_airflow import form_fields
from twolane_airflow.failures import is_last_try, no_retry_on

ROLLBACK_PARAMS = {
    "model_name": form_fields.model_name(
        "One of the catalogue or of your own; the default model when empty."
    ),
    "reason": form_fields.reason(
        "Kept in the history and shown on the version in MLflow.",
        default="by hand",
        is_required=True,
    ),
}


def decider(dag_run: Any) -> str:
    """Return who started a run, as the history shows it."""
    return dag_run.triggering_user_name or f"run {dag_run.run_id} of {dag_run.dag_id}"


@task
def plan_rollback(params: Any = None) -> dict[str, Any]:
    """Decide from which version to which; a retry of what follows carries out the same."""
    from include.wiring.models.model_life import model_life

    life = model_life()
    with no_retry_on(PromotionRefused, UnknownModelAlias):
        plan = life.plan_rollback(params["model_name"] or life.settings.model_name)
    print(f"{plan.model_name}: {plan.from_version} → {plan.to_version}")  # noqa: T201
    return asdict(plan)


@task
def roll_back(plan: Mapping[str, Any], params: Any = None, dag_run: Any = None) -> str:
    """Carry the plan out; return the history's line on it."""
    from include.pipeline.promotion.move_champion import describe
    from include.pipeline.promotion.rollback_model import RollbackPlan
    from include.wiring.models.model_life import model_life

    with no_retry_on(PromotionRefused, UnknownModelAlias):
        done = model_life().roll_back(
            RollbackPlan(**plan), by=decider(dag_run), reason=params["reason"]
        )
    return describe(done)


@task
def watch_champions(ti: Any = None) -> list[str]:
    """Settle every champion with its history and its alarms; return what was done.

    What the last try could not settle is posted as an alert.

    Args:
        ti: the task instance, given by Airflow.

    Raises:
        PromotionRefused: a model could not be settled; the others have been nevertheless.
    """
    from include.domain.errors import TwolaneError
    from include.pipeline.promotion.move_champion import describe
    from include.wiring.alerting import alerting
    from include.wiring.models.model_life import model_life

    life = model_life()
    done: list[str] = []
    failures: dict[str, str] = {}
    for name in life.aliases.model_names():
        try:
            done += [f"{name}: {describe(each)}" for each in life.watch_champion(name)]
        except TwolaneError as exc:
            failures[name] = str(exc)
    print("\n".join(done) or "every champion is as its history says")  # noqa: T201
    if failures:
        if is_last_try(ti):
            for name, why in failures.items():
                alerting().announce_unsettled(name, why)
        raise PromotionRefused(" | ".join(f"{name}: {why}" for name, why in failures.items()))
    return done


@task
def retire() -> list[str]:
    """Delete what SageMaker keeps of versions that nobody needs; return which."""
    from include.wiring.models.model_life import model_life

    decisions = model_life().retire_versions()
    for each in decisions:
        verb = "deleted" if each.is_retired else "kept"
        print(f"{each.key.label}: {verb}, {each.reason}")  # noqa: T201
    return [each.key.label for each in decisions if each.is_retired]
