"""Rows as the columns that the suites speak of."""

from __future__ import annotations

import math
from collections.abc import Sequence

from include.domain.batches.documents import RawDocument
from include.domain.batches.predictions import Prediction

Columns = dict[str, list[object]]


def document_columns(rows: Sequence[RawDocument], duplicate_positions: Sequence[int]) -> Columns:
    """Return one shard's columns for `documents_in`.

    A row with a fault has a `fault` and nothing else, so that one fault is counted once.
    """
    duplicates = frozenset(duplicate_positions)
    columns: Columns = {
        name: []
        for name in (
            "fault",
            "fault_detail",
            "id",
            "id_bytes",
            "id_repeats",
            "text",
            "text_characters",
            "bad_characters",
            "replaced_share",
        )
    }
    for position, row in enumerate(rows):
        is_sound = row.fault is None
        id_ = row.id if is_sound else None
        text = row.text if is_sound else None
        bad = _bad_characters(id_) + _bad_characters(text)
        values: dict[str, object] = {
            "fault": row.fault.value if row.fault else None,
            "fault_detail": row.detail,
            "id": _encodable(id_),
            "id_bytes": None if id_ is None else len(id_.encode("utf-8", "replace")),
            "id_repeats": None if id_ is None else position in duplicates,
            "text": _encodable(text),
            "text_characters": None if text is None else len(text),
            "bad_characters": bad if is_sound else None,
            "replaced_share": text.count("\N{REPLACEMENT CHARACTER}") / len(text) if text else None,
        }
        for name, value in values.items():
            columns[name].append(value)
    return columns


def prediction_columns(predictions: Sequence[Prediction]) -> Columns:
    """Return one shard's columns for `predictions_out`."""
    return {
        "document_id": [prediction.document_id for prediction in predictions],
        "label": [prediction.label for prediction in predictions],
        "score": [
            None if math.isnan(prediction.score) else prediction.score for prediction in predictions
        ],
    }


def _bad_characters(text: str | None) -> int:
    """Count what UTF-8 or PostgreSQL cannot hold: half surrogate pairs and NULs."""
    if text is None:
        return 0
    encoded_as_marks = text.encode("utf-8", "replace").count(b"?") - text.count("?")
    return encoded_as_marks + text.count("\x00")


def _encodable(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")
