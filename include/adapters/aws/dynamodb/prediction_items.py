"""How one prediction stands in DynamoDB.

| attribute      | role                | value                                   |
|----------------|---------------------|-----------------------------------------|
| `pk`           | partition key       | `<account>#<document id>`               |
| `sk`           | sort key            | `<model>@<version>#<batch id>`          |
| `batch_bucket` | partition of the index `by_batch` | `<batch id>#<0..15>`      |
| `label`        |                     | text                                    |
| `score`        |                     | number, 0 to 1                          |
| `stage`        |                     | text; absent where the model is not a cascade |
| `heads`        |                     | map of `label`, `score` by head; absent without such |

Account, document, model and batch are read back from the keys; an account id holds no `#`.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

from include.domain.batches.manifests import BatchManifest
from include.domain.batches.predictions import HeadAnswer, Stage, parse_heads
from include.pipeline.ports.stores import PredictionRow

BATCH_INDEX = "by_batch"
BUCKETS = 16
"""Partitions of the index a batch is spread over; each takes about 1,000 writes/s."""

Item = dict[str, Any]


def prediction_item(manifest: BatchManifest, row: PredictionRow) -> Item:
    """Return the item as low-level attribute values; the same inputs give the same item."""
    bucket = crc32(row.document_id.encode()) % BUCKETS
    item: Item = {
        **prediction_key(manifest, row.document_id),
        "batch_bucket": {"S": f"{manifest.batch_id}#{bucket}"},
        "label": {"S": row.label},
        "score": {"N": repr(row.score)},
    }
    if row.stage is not None:
        item["stage"] = {"S": row.stage.value}
    if row.heads:
        item["heads"] = {"M": {head.name: _head_attribute(head) for head in row.heads}}
    return item


def prediction_key(manifest: BatchManifest, document_id: str) -> Item:
    """Return the key of a document's item."""
    return {
        "pk": {"S": f"{manifest.account}#{document_id}"},
        "sk": {"S": f"{manifest.model.label}#{manifest.batch_id}"},
    }


def prediction_row(item: Item) -> PredictionRow:
    """Return the row an item stands for."""
    document_id = item["pk"]["S"].partition("#")[2]
    stage = Stage(item["stage"]["S"]) if "stage" in item else None
    said = {
        name: {"label": value["M"]["label"]["S"], "score": value["M"]["score"]["N"]}
        for name, value in item.get("heads", {"M": {}})["M"].items()
    }
    label, score = item["label"]["S"], float(item["score"]["N"])
    return PredictionRow(document_id, label, score, stage, parse_heads(said))


def _head_attribute(head: HeadAnswer) -> Item:
    return {"M": {"label": {"S": head.label}, "score": {"N": repr(head.score)}}}


def item_key(item: Item) -> tuple[str, str]:
    """Return partition and sort key."""
    return item["pk"]["S"], item["sk"]["S"]


def batch_buckets(batch_id: str) -> list[str]:
    """Return every index partition the batch's items may stand in."""
    return [f"{batch_id}#{bucket}" for bucket in range(BUCKETS)]
