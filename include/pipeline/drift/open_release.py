"""Drift past the limit asks for a release: on the model's data, and what accounts have labelled.

A release learns from labels. Where the accounts that drift have labelled too little that is new,
nothing is opened yet, and the next night looks again.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from include.domain.drift.policy import DriftPolicy
from include.domain.errors import ObjectMissing
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.drift.ports import (
    Alarm,
    DriftBook,
    DriftRelease,
    LabelledReference,
    TrainingRecords,
)
from include.pipeline.ports import ModelRegistry, ObjectStore
from include.pipeline.release.labelled_files import Labelled, read_labelled


@dataclass(frozen=True, slots=True)
class ReleasePorts:
    """What opening a release needs of the world."""

    objects: ObjectStore
    registry: ModelRegistry
    training: TrainingRecords
    book: DriftBook


@dataclass(frozen=True, slots=True)
class Refusal:
    """A model that drifts and is not released now, with the reason."""

    model_name: str
    reason: str


def open_releases(
    night: date,
    *,
    work_bucket: str,
    data_prefix: str,
    policy: DriftPolicy,
    ports: ReleasePorts,
) -> tuple[list[DriftRelease], list[Refusal]]:
    """Return the releases to open, and why others are not. Asked again, it says the same.

    Args:
        data_prefix: S3 prefix that receives the labelled documents of each.
    """
    since = night - timedelta(days=policy.cool_down_days - 1)
    known = {release.model_name: release for release in ports.book.releases(since)}
    wanted: defaultdict[str, list[Alarm]] = defaultdict(list)
    for alarm in ports.book.alarms(since, night):
        wanted[alarm.model_name].append(alarm)
    opened, refused = [], []
    for model_name, alarms in sorted(wanted.items()):
        earlier = known.get(model_name)
        if earlier is None:
            outcome = _open(model_name, alarms, night, work_bucket, data_prefix, policy, ports)
        elif earlier.night == night:
            outcome = earlier
        else:
            outcome = Refusal(
                model_name,
                f"{earlier.run_id} was opened on {earlier.night}; the next may follow after "
                f"{policy.cool_down_days} days",
            )
        if isinstance(outcome, Refusal):
            refused.append(outcome)
        else:
            opened.append(outcome)
    return opened, refused


def _open(
    model_name: str,
    alarms: Sequence[Alarm],
    night: date,
    work_bucket: str,
    data_prefix: str,
    policy: DriftPolicy,
    ports: ReleasePorts,
) -> DriftRelease | Refusal:
    accounts = sorted({alarm.account for alarm in alarms})
    labelled = ports.book.labelled(model_name, accounts)
    told = _told(alarms)
    if len(labelled) < policy.min_labels:
        return _nothing_new(len(labelled), model_name, told, accounts, policy)
    data_uri = f"{data_prefix}{model_name}/{night.isoformat()}/documents.jsonl"
    with tempfile.TemporaryDirectory(prefix="twolane-drift-") as folder:
        path = Path(folder) / "documents.jsonl"
        added = _write(path, model_name, labelled, work_bucket, Path(folder), ports)
        if added < policy.min_labels:
            return _nothing_new(added, model_name, told, accounts, policy)
        ports.objects.upload(path, data_uri, "application/jsonlines")
    reason = f"{told}; {added} documents that the accounts labelled are added"
    run_id = f"drift-{model_name}-{night.isoformat()}"
    release = DriftRelease(run_id, model_name, night, reason, data_uri)
    ports.book.keep_release(release)
    return release


def _nothing_new(
    labels: int, model_name: str, told: str, accounts: Sequence[str], policy: DriftPolicy
) -> Refusal:
    return Refusal(
        model_name,
        f"{told}; a release would learn nothing new: {labels} of the {policy.min_labels} labelled "
        f"documents it needs have come from {', '.join(accounts)}",
    )


def _told(alarms: Sequence[Alarm]) -> str:
    worst: dict[str, Alarm] = {}
    for alarm in alarms:
        if alarm.account not in worst or worst[alarm.account].effect < alarm.effect:
            worst[alarm.account] = alarm
    return "drift of " + ", ".join(
        f"{alarm.account} ({alarm.feature} {alarm.effect:.2f} on {alarm.night})"
        for _, alarm in sorted(worst.items())
    )


def _write(
    path: Path,
    model_name: str,
    labelled: Sequence[LabelledReference],
    work_bucket: str,
    folder: Path,
    ports: ReleasePorts,
) -> int:
    """Write the champion's data and what accounts have labelled, once each; return how many new."""
    model = ports.registry.resolve(model_name, "champion")
    data_uri = ports.training.facts(model).data_uri
    latest = {each.id: each for each in _texts(labelled, work_bucket, ports.objects)}
    added = len(latest)
    with path.open("w", encoding="utf-8") as file:
        for uri in _training_files(data_uri, ports.objects):
            part = folder / f"known{Path(uri).suffix}"
            ports.objects.download(uri, part)
            for known in read_labelled(part):
                now = latest.get(known.id)
                added -= now is not None and now.label == known.label
                if now is None:
                    file.write(_line(known))
        file.writelines(_line(each) for each in latest.values())
    return added


def _training_files(data_uri: str, objects: ObjectStore) -> list[str]:
    """Return the files that a version was made from: what it was fitted on, and tested on."""
    if not data_uri:
        return []
    fitted, separator, name = data_uri.rpartition("/fit/")
    tested = f"{fitted}/test/{name}"
    return [data_uri, tested] if separator and objects.exists(tested) else [data_uri]


def _line(document: Labelled) -> str:
    value = {"id": document.id, "text": document.text, "label": document.label}
    if document.slice:
        value["slice"] = document.slice
    return json.dumps(value, ensure_ascii=False) + "\n"


def _texts(
    labelled: Sequence[LabelledReference], work_bucket: str, objects: ObjectStore
) -> Iterator[Labelled]:
    """Yield labelled documents, their ids led by the account; a batch that is gone has none."""
    by_batch: defaultdict[str, dict[str, LabelledReference]] = defaultdict(dict)
    for each in labelled:
        by_batch[each.batch_id][each.document_id] = each
    for batch_id, wanted in by_batch.items():
        try:
            shards = BatchRecords(objects, BatchLayout(work_bucket, batch_id)).validation().shards
            for shard in shards:
                with objects.open(shard.uri) as lines:
                    for line in lines:
                        document = json.loads(line)
                        found = wanted.get(document["id"])
                        if found is not None:
                            id_ = f"{found.account}/{found.document_id}"
                            yield Labelled(id_, document["text"], found.label)
        except ObjectMissing:
            continue
