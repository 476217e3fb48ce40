"""The labelled documents of a release: what the champion was made from, and what came since."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from include.domain.errors import ObjectMissing, RecordUnreadable
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.batch_objects.shard_files import read_record
from include.pipeline.drift.ports import LabelledReference
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.release.labelled_files import Labelled, read_labelled


def write_release_data(
    path: Path,
    known_uri: str,
    labelled: Sequence[LabelledReference],
    *,
    work_bucket: str,
    objects: ObjectStore,
) -> int:
    """Write a model's data and what accounts have labelled, each document once.

    Args:
        path: receives JSON Lines; files beside it may be written too.
        known_uri: what the champion was fitted on; empty where that is not known.

    Returns:
        How many are new, or have another label than before.

    Raises:
        ObjectMissing: the champion's data are gone.
        ReleaseFailed: they cannot be read.
    """
    latest = {each.id: each for each in _texts(labelled, work_bucket, objects)}
    added = len(latest)
    with path.open("w", encoding="utf-8") as file:
        for uri in _training_files(known_uri, objects):
            part = path.parent / f"known{Path(uri).suffix}"
            objects.download(uri, part)
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
    """Yield labelled documents, their ids led by the account.

    A batch that is gone has none, nor has the rest of one that cannot be read.
    """
    by_batch: defaultdict[str, dict[str, LabelledReference]] = defaultdict(dict)
    for each in labelled:
        by_batch[each.batch_id][each.document_id] = each
    for batch_id, wanted in by_batch.items():
        try:
            yield from _texts_of(BatchLayout(work_bucket, batch_id), wanted, objects)
        except (ObjectMissing, RecordUnreadable):
            continue


def _texts_of(
    layout: BatchLayout, wanted: Mapping[str, LabelledReference], objects: ObjectStore
) -> Iterator[Labelled]:
    for shard in BatchRecords(objects, layout).validation().shards:
        with objects.open(shard.uri) as lines:
            for line in lines:
                document = read_record(line, source=shard.uri)
                found = wanted.get(document.id)
                if found is not None:
                    id_ = f"{found.account}/{found.document_id}"
                    yield Labelled(id_, document.text, found.label)
