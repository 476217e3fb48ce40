"""A champion that cannot be settled by itself is told of: it answers batches meanwhile."""

from __future__ import annotations

from datetime import datetime

from include.domain.alerts import Alert, AlertKind
from include.pipeline.alerts.ports import AlertBook


def announce_unsettled(model_name: str, reason: str, *, now: datetime, alerts: AlertBook) -> bool:
    """Post that a model's champion could be neither followed nor returned; return whether new.

    Args:
        reason: what stood in the way, as the use case that gave up says it.

    Raises:
        StoreError: the store cannot be reached.
    """
    return alerts.post(
        Alert(
            AlertKind.CHAMPION_UNSETTLED,
            model_name,
            f"{model_name}: its champion could not be settled",
            reason,
            "watch_promotions tries again every minute, a rollback as long as the promotion is "
            "young. Until it succeeds batches get the champion of MLflow: mend what is named, or "
            f"run rollback_model on {model_name}, or promote a version that answers "
            f"(python -m include.cli.champion --model {model_name} promote …).",
            now,
        )
    )
