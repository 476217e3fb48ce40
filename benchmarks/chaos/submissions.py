"""Batches for the chaos: small, several shards, some poison, pinned to their lane."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from benchmarks.chaos.cases import Lane
from benchmarks.pinned_lane import pin
from include.domain import lanes as domain
from include.files.lanes_file import LanesFile
from stack.airflow_api import AirflowApi
from stack.demo_documents import documents, poisoned_lines, read_parts
from stack.figures import aws_client

DOCUMENTS = 120
POISON = 6
ALIAS = "trivial"


@dataclass(slots=True)
class Batch:
    """One submitted batch.

    Attributes:
        key: its idempotency key.
        runs: its runs, by DAG; more than one where it was delivered more than once.
        ids: of the rows that carry one; the rest are known by their number.
        rows: rows submitted.
        batch_id: once the product has made it.
    """

    lane: Lane
    key: str
    uri: str
    ids: frozenset[str]
    rows: int
    runs: list[str] = field(default_factory=list)
    batch_id: str = ""
    is_pinned: bool = False


class Submissions:
    """A user of the stack.

    Args:
        environment: the stack's variables.
        api: Airflow's REST API.
        profiles: the lanes that can be pinned.
    """

    def __init__(self, environment: dict[str, str], api: AirflowApi, profiles: LanesFile) -> None:
        self._api = api
        self._profiles = profiles
        self._database_url = environment["TWOLANE_DATABASE_URL"]
        self._work_bucket = environment.get("TWOLANE_WORK_BUCKET", "twolane-work")
        self._inbox = environment.get("TWOLANE_INBOX_BUCKET", "twolane-inbox")
        self._s3 = aws_client("s3", environment)
        self._sqs = aws_client("sqs", environment)
        self._parts = read_parts()

    def prepare(self, lane: Lane, seed: int) -> Batch:
        """Upload a batch's file."""
        key = f"chaos-{lane.name}-{uuid.uuid4().hex[:12]}"
        made = list(documents(DOCUMENTS, seed, self._parts))
        lines = list(poisoned_lines(iter(made), DOCUMENTS, POISON, seed))
        with TemporaryDirectory() as folder:
            path = Path(folder) / "batch.jsonl"
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            name = f"submissions/{lane.account}/{key}/batch.jsonl"
            self._s3.upload_file(str(path), self._inbox, name)
        ids = frozenset(document["id"] for document in made)
        return Batch(lane, key, f"s3://{self._inbox}/{name}", ids, len(lines))

    def deliver(self, batch: Batch) -> None:
        """Submit the batch by REST or by its queue; every delivery carries the same key."""
        conf = {
            "batch_uri": batch.uri,
            "account": batch.lane.account,
            "model_alias": ALIAS,
            "submission": batch.key,
            "deadline_minutes": 120,
        }
        if batch.lane.queue:
            url = self._sqs.get_queue_url(QueueName=batch.lane.queue)["QueueUrl"]
            self._sqs.send_message(QueueUrl=url, MessageBody=json.dumps(conf))
        else:
            batch.runs.append(self._api.trigger(batch.lane.dag_id, conf))

    def find(self, batch: Batch) -> None:
        """Learn the batch's id once it has one, and pin its lane, before `route` asks for it.

        A batch that was placed before keeps its lane: the harness leaves the placement that an
        earlier run would have left.
        """
        if batch.batch_id and batch.is_pinned:
            return
        try:
            with psycopg.connect(self._database_url, connect_timeout=2) as connection:
                row = connection.execute(
                    "SELECT batch_id FROM batches WHERE submission_key = %s", [batch.key]
                ).fetchone()
        except psycopg.Error:
            return
        if row is None:
            return
        batch.batch_id = str(row[0])
        if batch.lane.placement:
            self._pin(batch)
        batch.is_pinned = True

    def _pin(self, batch: Batch) -> None:
        lane = domain.Lane(batch.lane.placement)
        pin(self._s3, self._work_bucket, batch.batch_id, lane, self._profiles)


def describe(batch: Batch) -> str:
    """Return the batch in one line for a log."""
    return json.dumps({"lane": batch.lane.name, "batch": batch.batch_id, "runs": batch.runs})
