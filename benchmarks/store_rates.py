"""Rates of both result stores: `python -m benchmarks.store_rates [ROWS]`. Needs no running stack.

Starts an embedded AWS and a PostgreSQL of its own. Medians of three interleaved rounds.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from include.adapters.aws.cloud_stack import apply_stack
from include.adapters.aws.dynamodb.write_store import DynamoWriteStore, WritePolicy
from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.batches.read_store import PostgresReadStore
from include.adapters.postgres.database import Database
from include.adapters.postgres.migrations import migrate
from include.cli.provision import TEMPLATE
from include.domain.accounts import Account, Tier
from include.pipeline.ports.stores import PredictionRow
from tests.support.local_aws import LocalAws, running_local_aws
from tests.support.manifests import make_manifest
from tests.support.postgres import PostgresServer, running_postgres

ROUNDS = 3
TABLE = "twolane-predictions"
FOREIGN_KEY = "ALTER TABLE predictions ADD FOREIGN KEY (batch_id) REFERENCES batches"
NO_INDEX = "DROP INDEX predictions_by_document"

Rates = dict[str, list[float]]


def rows(count: int) -> Iterator[PredictionRow]:
    """Rows in an order that is not the key's."""
    return (PredictionRow(f"doc-{n * 7919 % count:08d}", "Sports", 0.93) for n in range(count))


def timed(rates: Rates, name: str, count: int, action: Callable[[], object]) -> None:
    """Run an action over `count` rows and keep its rate."""
    start = time.perf_counter()
    action()
    rates.setdefault(name, []).append(count / (time.perf_counter() - start))


def dynamodb_round(cloud: LocalAws, count: int, number: int, rates: Rates) -> None:
    """Load one batch with one thread, another with four, the second one twice."""
    # As include.adapters.aws.clients has it.
    client = cloud.client("dynamodb", parameter_validation=False, max_pool_connections=16)
    alone = make_manifest(f"b-alone-{number}")
    store = DynamoWriteStore(client, TABLE, policy=WritePolicy(workers=1))
    timed(rates, "DynamoDB, 1 thread", count, lambda: store.put(alone, rows(count)))
    manifest = make_manifest(f"b-four-{number}")
    store4 = DynamoWriteStore(client, TABLE)
    timed(rates, "DynamoDB, 4 threads", count, lambda: store4.put(manifest, rows(count)))
    timed(rates, "DynamoDB, 4 threads, again", count, lambda: store4.put(manifest, rows(count)))
    timed(rates, "DynamoDB, count by the index", count, lambda: store4.count(manifest))


def postgres_round(server: PostgresServer, count: int, rates: Rates) -> None:
    """Load one batch as designed, with a foreign key, and without the second index."""
    postgres_load(server, count, rates, "PostgreSQL", change="")
    postgres_load(server, count, rates, "PostgreSQL, with a foreign key", change=FOREIGN_KEY)
    postgres_load(server, count, rates, "PostgreSQL, without the index", change=NO_INDEX)


def postgres_load(
    server: PostgresServer, count: int, rates: Rates, name: str, *, change: str
) -> None:
    """Load one batch into a new database with `change` made to its schema."""
    url = server.new_database()
    migrate(url)
    database = Database(url)
    PostgresAccountDirectory(database).put([Account("standard-harbor", Tier.STANDARD)])
    store = PostgresReadStore(database)
    manifest = make_manifest("b-rates")
    store.open_batch(manifest, run_id="benchmark")
    if change:
        with database.transaction("benchmark") as connection:
            connection.execute(change.encode())
    timed(rates, name, count, lambda: store.load_predictions(manifest, rows(count)))
    if not change:
        timed(rates, f"{name}, again", count, lambda: store.load_predictions(manifest, rows(count)))
        timed(rates, f"{name}, checksum", count, lambda: store.fingerprint("b-rates"))
    database.close()


def main(count: int = 50_000) -> None:
    """Print rows a second."""
    rates: Rates = {}
    with ExitStack() as stack:
        aws_folder, database_folder = (
            Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)
        )
        cloud = stack.enter_context(running_local_aws(aws_folder))
        server = stack.enter_context(running_postgres(database_folder))
        apply_stack(cloud.client("cloudformation"), "twolane", TEMPLATE.read_text(), {})
        for number in range(ROUNDS):
            dynamodb_round(cloud, count, number, rates)
            postgres_round(server, count, rates)
    print(f"{'rows/s, ' + format(count, ',') + ' rows a load':<36}{'median':>12}{'least':>12}")
    for name, values in rates.items():
        print(f"{name:<36}{statistics.median(values):>12,.0f}{min(values):>12,.0f}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the loading process: {peak_mb:,.0f} MB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
