"""From a run's form to a submission."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow.sdk import Param

from include.domain.accounts import Tier
from include.domain.batches import submission_rules as rules
from include.domain.batches.manifests import Submission
from twolane_airflow import form_fields

TIERS: list[str | None] = [None, *(tier.value for tier in Tier)]

INFERENCE_PARAMS = {
    "batch_uri": Param(
        "",
        type="string",
        pattern=rules.BATCH_URI_PATTERN,
        title="Batch URI",
        description="S3 URI of the documents: JSON Lines, CSV or Parquet, gzip allowed.",
    ),
    "account": Param(
        "",
        type="string",
        pattern=rules.ACCOUNT_PATTERN,
        title="Account",
        description="Who submits; it must be known.",
    ),
    "tier": Param(
        None,
        type=["null", "string"],
        enum=TIERS,
        title="Tier",
        description="The account's own when empty, or a lower one.",
    ),
    "deadline_minutes": Param(
        None,
        type=["null", "number"],
        exclusiveMinimum=0,
        maximum=rules.MAX_DEADLINE_MINUTES,
        title="Deadline, minutes",
        description="From submission to results in both stores; the tier's own when empty.",
    ),
    "model_name": form_fields.model_name(
        "One of the catalogue or of your own; the default model when empty."
    ),
    "model_alias": Param(
        rules.DEFAULT_MODEL_ALIAS,
        type="string",
        pattern=rules.MODEL_ALIAS_PATTERN,
        title="Model alias",
        description="Resolved once, when the batch is pulled; the batch keeps that version.",
    ),
    "joined_uris": Param(
        [],
        type=["null", "array"],
        items={"type": "string", "pattern": rules.JOINED_URI_PATTERN},
        title="Further files",
        description="Read after the first, as one batch.",
    ),
    "submission": Param(
        None,
        type=["null", "string"],
        maxLength=rules.MAX_SUBMISSION_CHARACTERS,
        title="Idempotency key",
        description="Same key and content, same batch; the run's id when empty.",
    ),
    "submitted_at": Param(
        None,
        type=["null", "string"],
        format="date-time",
        pattern=rules.SUBMITTED_AT_PATTERN,
        title="Submitted at",
        description="The deadline counts from then; from the run's start when empty.",
    ),
}


def submission_from_params(
    params: Mapping[str, Any], *, run_id: str, submitted_at: datetime, default_model: str
) -> Submission:
    """Return the submission a run's (already validated) params describe.

    Args:
        submitted_at: used where the params give no earlier time.
        default_model: registered name of the model, where the params name none.
    """
    said = params.get("submitted_at")
    deadline_minutes = params["deadline_minutes"]
    return Submission(
        key=params["submission"] or run_id,
        batch_uris=(params["batch_uri"], *(params["joined_uris"] or ())),
        account=params["account"],
        requested_tier=Tier(params["tier"]) if params["tier"] else None,
        deadline_s=None if deadline_minutes is None else float(deadline_minutes) * 60,
        model_name=params.get("model_name") or default_model,
        model_alias=params["model_alias"],
        submitted_at=min(datetime.fromisoformat(said), submitted_at) if said else submitted_at,
    )
