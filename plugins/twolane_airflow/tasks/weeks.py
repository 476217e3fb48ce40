"""Watching how the promise of each tier was kept, as an Airflow task."""

from __future__ import annotations

from typing import Any

from airflow.sdk import task


@task
def watch_weeks() -> list[dict[str, Any]]:
    """Post an alert where the last whole week fell short for a tier; return those tiers."""
    from include.wiring.watch import watch

    return [
        {"week": each.week.isoformat(), "tier": each.tier.value, "attainment": each.attainment}
        for each in watch().watch_weeks()
    ]
