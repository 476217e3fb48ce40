"""Watching over instances as Airflow tasks."""

from __future__ import annotations

from airflow.sdk import task


@task
def free_gpus(idle: list[str]) -> list[dict[str, str]]:
    """Look again, and let go what is idle; return what was done, and why the rest was left.

    Args:
        idle: names that the sensor has found; without any nothing is looked at.
    """
    from include.wiring.gpus import gpu_watch

    if not idle:
        return []
    return [
        {
            "resource": each.finding.resource.resource_id,
            "reason": each.finding.reason,
            "action": each.action.value if each.action else "",
            "note": each.note,
        }
        for each in gpu_watch().free_gpus()
    ]


@task
def clear_orphans() -> list[dict[str, str]]:
    """Post what nobody owns, and stop it where that is allowed; return it."""
    from include.wiring.gpus import gpu_watch

    return [
        {"resource": each.resource.resource_id, "reason": each.reason}
        for each in gpu_watch().clear_orphans()
    ]
