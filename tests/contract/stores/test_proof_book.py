"""ProofBook: the same promises on the fake and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.batches.proof_book import PostgresProofBook
from include.adapters.postgres.batches.read_store import PostgresReadStore
from include.adapters.postgres.database import Database
from include.domain.accounts import Account, Tier
from include.domain.fingerprints import Fingerprint
from include.pipeline.ports.stores import BatchClosure, ReadStore
from include.pipeline.reconciliation.reconcile_ports import Proof, ProofBook, Scope
from tests.support.fakes import FakeProofBook, FakeReadStore
from tests.support.manifests import SUBMITTED_AT, make_manifest

Stores = tuple[ReadStore, ProofBook]


@pytest.fixture(params=["fake", "postgres"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "fake":
        fake = FakeReadStore()
        yield fake, FakeProofBook(fake)
        return
    database = Database(request.getfixturevalue("product_database_url"))
    PostgresAccountDirectory(database).put([Account(make_manifest("b").account, Tier.STANDARD)])
    yield PostgresReadStore(database), PostgresProofBook(database)
    database.close()


def _close(store: ReadStore, batch_id: str, minutes: int, state: str = "succeeded") -> None:
    store.open_batch(make_manifest(batch_id), run_id="run-1")
    closed_at = SUBMITTED_AT + timedelta(minutes=minutes)
    store.close_batch(batch_id, BatchClosure(state, "", closed_at, True, ""))


def test_batches_that_succeeded_since_are_named_oldest_first(stores: Stores) -> None:
    store, book = stores
    _close(store, "b-late", 30)
    _close(store, "b-early", 10)
    _close(store, "b-old", 1)
    _close(store, "b-failed", 20, state="failed")
    store.open_batch(make_manifest("b-running"), run_id="run-1")

    found = book.succeeded_since(SUBMITTED_AT + timedelta(minutes=10))

    assert found == ["b-early", "b-late"]


def test_a_batch_may_be_proved_more_than_once(stores: Stores) -> None:
    _, book = stores
    proof = Proof(
        "b-1", Scope.FULL, SUBMITTED_AT, Fingerprint(2, 2**64 - 1), ("aurora/00001",), ("x",), True
    )

    book.record(proof)
    book.record(proof)
