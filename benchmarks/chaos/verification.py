"""Counts what a batch left in both stores, past the product's own code."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg
from botocore.exceptions import BotoCoreError

from benchmarks.chaos.submissions import Batch
from stack.figures import aws_client

PATIENCE_S = 60.0
"""A store that was killed last may still be starting."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was counted of one batch.

    Attributes:
        lost: rows that stand nowhere.
        doubled: rows that stand more than once, or in a store and in quarantine.
        differing: documents whose label or score differs between the stores.
        charges: charges by resource.
        complaint: everything that is not as it must be, in words; empty when sound.
    """

    documents: int
    dynamodb: int
    aurora: int
    quarantined: int
    lost: int
    doubled: int
    differing: int
    charges: dict[str, int]
    complaint: str


class Verifier:
    """Reads DynamoDB and PostgreSQL directly.

    Args:
        environment: the stack's variables.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self._database_url = environment["TWOLANE_DATABASE_URL"]
        self._table = environment.get("TWOLANE_PREDICTIONS_TABLE", "twolane-predictions")
        self._dynamodb = aws_client("dynamodb", environment)

    def verify(self, batch: Batch) -> Verdict:
        """Count one batch, once both stores answer."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self._count(batch)
            except (psycopg.OperationalError, BotoCoreError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)

    def _count(self, batch: Batch) -> Verdict:
        with psycopg.connect(self._database_url, connect_timeout=10) as connection:
            rows: list[Any] = connection.execute(
                "SELECT document_id, label, score FROM predictions WHERE batch_id = %s",
                [batch.batch_id],
            ).fetchall()
            quarantine: list[Any] = connection.execute(
                "SELECT document_id, reason FROM quarantined_documents WHERE batch_id = %s",
                [batch.batch_id],
            ).fetchall()
            charges: list[Any] = connection.execute(
                "SELECT resource_id FROM charges WHERE x_batch_id = %s", [batch.batch_id]
            ).fetchall()
            states: list[Any] = connection.execute(
                "SELECT state FROM batches WHERE submission_key = %s", [batch.key]
            ).fetchall()
        items = self._items(batch.batch_id)
        return judge(batch, items, rows, quarantine, Counter(str(c[0]) for c in charges), states)

    def _items(self, batch_id: str) -> list[tuple[str, str, float]]:
        """Read the whole table: no index and no key of the product's is trusted."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="contains(sk, :batch)",
            ExpressionAttributeValues={":batch": {"S": batch_id}},
        )
        return [
            (
                item["pk"]["S"].partition("#")[2],
                item["label"]["S"],
                float(item["score"]["N"]),
            )
            for page in pages
            for item in page["Items"]
        ]


def judge(
    batch: Batch,
    items: list[tuple[str, str, float]],
    rows: list[Any],
    quarantine: list[Any],
    charges: Counter[str],
    states: list[Any],
) -> Verdict:
    """Return the verdict on what was read: items and rows by id, quarantine by id and reason."""
    in_dynamodb = Counter(item[0] for item in items)
    in_aurora = Counter(str(row[0]) for row in rows)
    # A duplicate's id stands for the sound document that came first; the row is quarantined.
    set_aside = Counter(str(q[0]) for q in quarantine if q[0] and "duplicate" not in str(q[1]))
    doubled = sum(
        max(
            in_dynamodb[each],
            in_aurora[each],
            (in_aurora[each] or in_dynamodb[each]) + set_aside[each],
        )
        > 1
        for each in in_dynamodb.keys() | in_aurora.keys() | set_aside.keys()
    )
    strangers = (in_dynamodb.keys() | in_aurora.keys()) - batch.ids
    in_both = in_dynamodb.keys() & in_aurora.keys()
    lost = batch.rows - len(in_both) - len(quarantine)
    labels = {item[0]: (item[1], item[2]) for item in items}
    differing = sum(
        labels.get(str(row[0]), ("", -1.0))[0] != row[1]
        or abs(labels[str(row[0])][1] - float(row[2])) > 1e-6
        for row in rows
        if str(row[0]) in labels
    )
    complaints = [
        f"{count} {what}"
        for what, count in (
            ("lost", lost),
            ("doubled", doubled),
            ("with different answers", differing),
            ("that nobody submitted", len(strangers)),
            ("in one store alone", len(in_dynamodb.keys() ^ in_aurora.keys())),
        )
        if count
    ]
    complaints += [f"{n} charges for {name}" for name, n in charges.items() if n > 1]
    if not charges:
        complaints.append("no charge")
    if [state[0] for state in states] != ["succeeded"]:
        complaints.append(f"states of the batch: {[state[0] for state in states]}")
    return Verdict(
        documents=batch.rows,
        dynamodb=sum(in_dynamodb.values()),
        aurora=sum(in_aurora.values()),
        quarantined=len(quarantine),
        lost=lost,
        doubled=doubled,
        differing=differing,
        charges=dict(charges),
        complaint=", ".join(complaints),
    )
