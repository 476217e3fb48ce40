"""Which version of its model answers a batch: decided once, when the batch is first pulled."""

from __future__ import annotations

from include.domain.batches.manifests import Submission
from include.domain.model_ref import ModelRef
from include.domain.promotion.alias import Alias
from include.pipeline.comparison.ports import Canaries
from include.pipeline.ports.directories import ModelRegistry
from include.pipeline.ports.stores import ReadStore


def choose_version(
    submission: Submission,
    content_digest: str,
    *,
    run_id: str,
    registry: ModelRegistry,
    read_store: ReadStore,
    canaries: Canaries,
) -> ModelRef:
    """Return the version a batch pins.

    A run that has pinned one for this submission keeps it, whatever was promoted, rolled back,
    begun or ended since: a retry finds its own batch. Otherwise it is what the alias points to;
    and for the champion, the challenger where a canary takes the account. A canary whose champion
    is no longer the champion takes nobody, so that a rollback needs no other switch. Nor does it
    take what was submitted before it began: no comparison would count its failures.

    Raises:
        UnknownModelAlias: the registry has no such model or alias.
    """
    pinned = read_store.pinned_model(submission, content_digest, run_id=run_id)
    if pinned is not None:
        return pinned
    model = registry.resolve(submission.model_name, submission.model_alias)
    if submission.model_alias != Alias.CHAMPION:
        return model
    canary = canaries.running(submission.model_name)
    if canary is None or canary.champion != model or submission.submitted_at < canary.started_at:
        return model
    return canary.challenger if canary.takes_account(submission.account) else model
