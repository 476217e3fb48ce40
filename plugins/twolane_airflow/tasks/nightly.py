"""The nightly inbox as Airflow tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import task


@task
def find_waiting() -> list[dict[str, Any]]:
    """Return one request a batch, in the form `steps.pull` reads."""
    from include.wiring.batches.bootstrap import twolane

    return [
        {
            "batch_uri": batch.uris[0],
            "joined_uris": list(batch.uris[1:]),
            "account": batch.account,
            "tier": None,
            "deadline_minutes": None,
            "model_name": batch.model_name,
            "model_alias": "champion",
            "submission": batch.key,
        }
        for batch in twolane().find_nightly()
    ]


@task
def archive(request: Mapping[str, Any]) -> None:
    """Move a finished batch's files out of the inbox."""
    from include.wiring.batches.bootstrap import twolane

    twolane().archive_nightly([request["batch_uri"], *request["joined_uris"]])
