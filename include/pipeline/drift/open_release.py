"""Drift past the limit asks for a release: on the model's data, and what accounts have labelled.

Drift is of a version: what moved for one that is champion no more, the release that took its place
has answered. A release learns from labels. Where the accounts that drift have labelled too little
that is new, nothing is opened yet, and the next night looks again.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from include.domain.drift.policy import DriftPolicy
from include.domain.errors import UnknownModelAlias
from include.domain.promotion.alias import Alias
from include.pipeline.drift.ports import (
    UNREADABLE_DATA,
    Alarm,
    DriftBook,
    DriftRelease,
    TrainingRecords,
    Unread,
)
from include.pipeline.drift.release_data import write_release_data
from include.pipeline.ports.directories import ModelRegistry
from include.pipeline.ports.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class ReleasePorts:
    """What opening a release needs of the world."""

    objects: ObjectStore
    registry: ModelRegistry
    training: TrainingRecords
    book: DriftBook


@dataclass(frozen=True, slots=True)
class ReleaseSite:
    """Where releases are opened, and by which policy.

    Attributes:
        work_bucket: holds the batches.
        data_prefix: S3 prefix that receives the labelled documents of each release.
    """

    work_bucket: str
    data_prefix: str
    policy: DriftPolicy
    ports: ReleasePorts


@dataclass(frozen=True, slots=True)
class Refusal:
    """A model that drifts and is not released now, with the reason.

    Attributes:
        unread: what could not be read, where that is the reason.
    """

    model_name: str
    reason: str
    unread: Unread | None = None


def open_releases(night: date, site: ReleaseSite) -> tuple[list[DriftRelease], list[Refusal]]:
    """Return the releases to open, and why others are not. Asked again, it says the same.

    Raises:
        RegistryUnavailable: nobody knows which versions are champions.
        StoreError: the database refuses.
    """
    days, book = site.policy.cool_down_days, site.ports.book
    since = night - timedelta(days=days - 1)
    known = {release.model_name: release for release in book.releases(since)}
    wanted: defaultdict[str, list[Alarm]] = defaultdict(list)
    for alarm in book.alarms(since, night):
        wanted[alarm.model_name].append(alarm)
    opened, refused = [], []
    for model_name, alarms in sorted(wanted.items()):
        earlier = known.get(model_name)
        if earlier is None:
            outcome = _open(model_name, alarms, night, site)
        elif earlier.night == night:
            outcome = earlier
        else:
            outcome = Refusal(
                model_name,
                f"{earlier.run_id} was opened on {earlier.night}; the next may follow after "
                f"{days} days",
            )
        if isinstance(outcome, Refusal):
            refused.append(outcome)
        else:
            opened.append(outcome)
    return opened, refused


def _open(
    model_name: str, found: Sequence[Alarm], night: date, site: ReleaseSite
) -> DriftRelease | Refusal:
    ports, min_labels = site.ports, site.policy.min_labels
    try:
        champion = ports.registry.resolve(model_name, Alias.CHAMPION)
    except UnknownModelAlias as exc:
        return Refusal(model_name, f"there is nothing to release anew: {exc}")
    alarms = [alarm for alarm in found if alarm.model_version == champion.version]
    if not alarms:
        moved = ", ".join(sorted({alarm.model_version for alarm in found}))
        return Refusal(
            model_name,
            f"what moved was sent to version {moved}; the champion is version {champion.version}",
        )
    told, accounts = _told(alarms), sorted({alarm.account for alarm in alarms})

    def unreadable(what: str, exc: Exception) -> Refusal:
        unread = Unread(champion.label, f"{what}: {exc}", f"{told}: no release.")
        return Refusal(model_name, f"{told}; {unread.reason}", unread)

    try:
        facts = ports.training.facts(champion)
    except UnknownModelAlias as exc:  # its run in MLflow is gone
        return unreadable("how it was trained", exc)
    if facts.is_made_of_models:
        return Refusal(
            model_name,
            f"{told}; {champion.label} is a bundle or an import, which no release trains: "
            "release the bundle's models and make it again, or train the model where it came from",
        )

    def nothing_new(labels: int) -> Refusal:
        return Refusal(
            model_name,
            f"{told}; a release would learn nothing new: {labels} of the {min_labels} labelled "
            f"documents it needs have come from {', '.join(accounts)}",
        )

    labelled = ports.book.labelled(model_name, accounts)
    if len(labelled) < min_labels:
        return nothing_new(len(labelled))
    data_uri = f"{site.data_prefix}{model_name}/{night.isoformat()}/documents.jsonl"
    with tempfile.TemporaryDirectory(prefix="twolane-drift-") as folder:
        path = Path(folder) / "documents.jsonl"
        try:
            added = write_release_data(
                path, facts.data_uri, labelled, work_bucket=site.work_bucket, objects=ports.objects
            )
        except UNREADABLE_DATA as exc:
            return unreadable("its training data", exc)
        if added < min_labels:
            return nothing_new(added)
        ports.objects.upload(path, data_uri, "application/jsonlines")
    reason = f"{told}; {added} documents that the accounts labelled are added"
    run_id = f"drift-{model_name}-{night.isoformat()}"
    release = DriftRelease(run_id, model_name, night, reason, data_uri)
    ports.book.keep_release(release)
    return release


def _told(alarms: Sequence[Alarm]) -> str:
    worst: dict[str, Alarm] = {}
    for alarm in alarms:
        if alarm.account not in worst or worst[alarm.account].effect < alarm.effect:
            worst[alarm.account] = alarm
    return "drift of " + ", ".join(
        f"{alarm.account} ({alarm.feature} {alarm.effect:.2f} on {alarm.night})"
        for _, alarm in sorted(worst.items())
    )
