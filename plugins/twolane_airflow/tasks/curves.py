"""Watching the lanes' curves as an Airflow task."""

from __future__ import annotations

from typing import Any

from airflow.sdk import task


@task
def watch_curves() -> list[dict[str, Any]]:
    """Post an alert for each curve that has moved; return them."""
    from include.wiring.money import money

    moves = money().watch_curves()
    for move in moves:
        print(f"{move.key}: {move.what} × {move.ratio:.2f}, chance {move.chance:.1e}")  # noqa: T201
    return [
        {"lane": each.key.lane.value, "model": each.key.model_name, "ratio": each.ratio}
        for each in moves
    ]
