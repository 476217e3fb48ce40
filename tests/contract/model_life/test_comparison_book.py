"""ComparisonBook: the same promises on the fake and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.batches.read_store import PostgresReadStore
from include.adapters.postgres.database import Database
from include.adapters.postgres.models.comparison_book import PostgresComparisonBook
from include.adapters.postgres.money.usage_book import PostgresUsageBook
from include.domain.accounts import Account, Tier
from include.domain.batches.manifests import Submission
from include.domain.comparison.betting import Counts
from include.domain.comparison.comparison import (
    Comparison,
    Ending,
    Finding,
    Kind,
    Plan,
    new_comparison,
)
from include.domain.comparison.sequential_test import Evidence
from include.domain.errors import ComparisonRefused
from include.domain.lanes import Lane
from include.domain.model_ref import ModelRef
from include.domain.money.costs import lane_charge
from include.domain.money.prices import lane_price
from include.domain.money.usage import Owner, Period, UsageCharge, UsageKind, usage_charge
from include.pipeline.comparison.ports import (
    BatchSample,
    ComparisonBook,
    PairedAnswer,
    Probe,
    ServedBatch,
    Side,
    Spending,
)
from include.pipeline.money.ports import Grouping
from include.pipeline.ports.stores import BatchClosure, ReadStore
from tests.support.fakes import FakeComparisonBook, FakeReadStore
from tests.support.manifests import SUBMITTED_AT, make_manifest

PLAN = Plan(Kind.CANARY, 0.25, 0.5, level=0.01, margin=0.03, days=2.5, budget_usd=0.125)
CHAMPION, CHALLENGER = (ModelRef("news-topic", version, "d" * 64) for version in "12")
CHALLENGER = replace(CHALLENGER, digest="e" * 64)
ENDING = Ending(Finding.WORSE, "worse on 12 of 900", SUBMITTED_AT + timedelta(hours=1))


@dataclass
class World:
    """A book, the batches beside it, and a way to say what the right label was."""

    store: ReadStore
    book: ComparisonBook
    say_right: Callable[[str, str, str], None]

    def close(self, batch_id: str, version: str = "1", *, minutes: int = 10, **how: str) -> None:
        manifest = make_manifest(batch_id, version=version)
        digest = CHALLENGER.digest if version == "2" else CHAMPION.digest
        manifest = replace(manifest, model=replace(manifest.model, digest=digest))
        self.store.open_batch(manifest, run_id="run-1")
        closed_at = SUBMITTED_AT + timedelta(minutes=minutes)
        state = how.get("state", "succeeded")
        self.store.close_batch(batch_id, BatchClosure(state, "", closed_at, True, ""))


@pytest.fixture(params=["fake", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        store = FakeReadStore()
        fake = FakeComparisonBook(store)
        yield World(
            store, fake, lambda batch, of, label: fake.feedback.update({(batch, of): label})
        )
        return
    database = Database(request.getfixturevalue("product_database_url"))
    account = make_manifest("b").account
    PostgresAccountDirectory(database).put([Account(account, Tier.STANDARD)])

    def say_right(batch_id: str, document_id: str, label: str) -> None:
        with database.transaction("feedback") as connection:
            connection.execute(
                "INSERT INTO feedback (account_id, batch_id, document_id, label)"
                " VALUES (%s, %s, %s, %s)",
                (account, batch_id, document_id, label),
            )

    yield World(PostgresReadStore(database), PostgresComparisonBook(database), say_right)
    database.close()


def begun(seconds: int = 60, **plan: object) -> Comparison:
    at = SUBMITTED_AT - timedelta(seconds=seconds)
    changed = replace(PLAN, **plan)  # type: ignore[arg-type]
    return new_comparison(changed, CHAMPION, CHALLENGER, started_by="jane", at=at)


def charge(batch_id: str, usd: float = 0.25) -> UsageCharge:
    return usage_charge(
        kind=UsageKind.COMPARISON,
        owner=Owner(model_name="news-topic", model_version="2"),
        resource_id="twolane-news-topic-v2",
        price=lane_price("serverless-4096MB", usd, SUBMITTED_AT.date()),
        quantity=1.0,
        period=Period(SUBMITTED_AT - timedelta(hours=1), SUBMITTED_AT),
        is_emulated=True,
        charge_id=f"c/{batch_id}/comparison/2",
    )


def sample(batch_id: str, *answers: tuple[str, str, str], **changes: object) -> BatchSample:
    return BatchSample(
        batch=ServedBatch(batch_id, "standard-harbor", "1", 10),
        scored_at=SUBMITTED_AT,
        answers=tuple(PairedAnswer(of, a, 0.5, b, 0.25) for of, a, b in answers),
        **changes,  # type: ignore[arg-type]
    )


def test_what_is_begun_runs_as_it_was_planned(world: World) -> None:
    comparison = begun()
    assert world.book.running("news-topic") is None

    world.book.open(comparison)
    world.book.open(comparison)

    assert world.book.running("news-topic") == comparison
    assert world.book.running("other") is None
    assert list(world.book.all_running()) == [comparison]


def test_one_comparison_of_a_model_at_a_time(world: World) -> None:
    world.book.open(begun())

    with pytest.raises(ComparisonRefused, match=begun().comparison_id):
        world.book.open(begun(seconds=30))

    assert world.book.end(begun().comparison_id, ENDING)
    world.book.open(begun(seconds=30))
    assert world.book.running("news-topic") == begun(seconds=30)


def test_the_first_ending_stands_and_waits_for_its_report(world: World) -> None:
    comparison = begun()
    world.book.open(comparison)
    assert list(world.book.unreported()) == []

    assert world.book.end(comparison.comparison_id, ENDING)
    assert not world.book.end(comparison.comparison_id, replace(ENDING, finding=Finding.BETTER))

    assert world.book.running("news-topic") is None
    assert list(world.book.unreported()) == [replace(comparison, ending=ENDING)]
    assert world.book.latest("news-topic") == replace(comparison, ending=ENDING)
    world.book.note_report(comparison.comparison_id, "s3://models/report/")
    assert list(world.book.unreported()) == []
    reported = replace(comparison, ending=ENDING, evidence_uri="s3://models/report/")
    assert world.book.latest("news-topic") == reported
    assert world.book.latest("other") is None


def test_batches_wait_that_either_version_closed_since_oldest_first(world: World) -> None:
    comparison = begun()
    world.book.open(comparison)
    world.close("b-late", minutes=30)
    world.close("b-early", "2", minutes=10)
    world.close("b-failed", state="failed")
    world.close("b-other", "3")
    world.store.open_batch(make_manifest("b-running"), run_id="run-1")

    waiting = {each.batch_id: each for each in world.book.waiting(comparison, limit=10)}

    assert set(waiting) == {"b-early", "b-late"}
    assert waiting["b-early"] == ServedBatch("b-early", "standard-harbor", "2", 10)
    assert len(world.book.waiting(comparison, limit=1)) == 1
    assert list(world.book.waiting(begun(seconds=-1), limit=10)) == [], "submitted before it began"

    world.book.record(comparison.comparison_id, sample("b-early"))
    assert [each.batch_id for each in world.book.waiting(comparison, limit=10)] == ["b-late"]


def test_a_batch_adds_once_and_labels_count_whenever_they_come(world: World) -> None:
    comparison = begun()
    world.book.open(comparison)
    world.close("b-1")
    answers = [("d1", "A", "A"), ("d2", "A", "B"), ("d3", "A", "B"), ("d4", "B", "C")]
    first = sample("b-1", *answers, refused_count=2, call_s=1.5, charges=(charge("b-1"),))

    world.book.record(comparison.comparison_id, first)
    world.book.record(comparison.comparison_id, sample("b-1", ("d9", "A", "B")))

    assert world.book.evidence(comparison.comparison_id) == Evidence(1, 3)
    for document_id, label in (("d1", "A"), ("d2", "B"), ("d3", "A"), ("d4", "Z"), ("d9", "A")):
        world.say_right("b-1", document_id, label)
    assert world.book.evidence(comparison.comparison_id) == Evidence(1, 3, Counts(1, 2, 1))


def test_figures_are_of_all_batches_of_either_version(world: World) -> None:
    comparison = begun()
    world.book.open(comparison)
    for batch_id, version in (("b-1", "1"), ("b-2", "1"), ("b-3", "2")):
        world.close(batch_id, version)
    world.close("b-4", "2", state="failed")
    world.store.record_charge(
        lane_charge(
            batch_id="b-1",
            lane=Lane.SERVERLESS,
            resource_id="endpoint",
            sku="serverless",
            price_usd_per_h=3600.0,
            instance_count=1,
            started_at=SUBMITTED_AT,
            ended_at=SUBMITTED_AT + timedelta(seconds=2),
            is_emulated=True,
        )
    )
    probe = Probe(4, 0.5, 0.25)
    answers = [("d1", "A", "A"), ("d2", "A", "B")]
    world.book.record(
        comparison.comparison_id,
        sample("b-1", *answers, refused_count=1, charges=(charge("b-1"),), probe=probe),
    )
    world.book.record(comparison.comparison_id, sample("b-2", ("d1", "A", "B"), probe=probe))
    world.say_right("b-1", "d2", "B")

    figures = world.book.figures(comparison)

    assert figures.evidence == Evidence(1, 2, Counts(0, 0, 1))
    assert figures.spending == world.book.spending(comparison) == Spending(4, 0.25, 1)
    assert figures.pairs == {("A", "A"): 1, ("A", "B"): 2}
    assert (figures.champion_right, figures.challenger_right) == (0, 1)
    assert figures.champion == Side(1, 2, 0, 20, 1200.0, 2.0)
    assert figures.challenger == Side(1, 1, 1, 10, 600.0, 0.0)
    assert figures.probe == Probe(8, 1.0, 0.5)
    assert (figures.accounts, figures.batches, figures.refused) == (1, 2, 1)


def test_nothing_scored_is_nothing_found(world: World) -> None:
    comparison = begun()
    world.book.open(comparison)

    assert world.book.evidence(comparison.comparison_id) == Evidence()
    assert world.book.spending(comparison) == Spending()
    assert world.book.figures(comparison).champion == Side()


def test_a_run_finds_what_it_has_pinned(world: World) -> None:
    manifest = make_manifest("b-1")
    world.store.open_batch(manifest, run_id="run-1")
    submission = Submission(
        key=manifest.submission_key,
        batch_uris=manifest.batch_uris,
        account=manifest.account,
        requested_tier=None,
        deadline_s=None,
        model_name="news-topic",
        model_alias="champion",
        submitted_at=SUBMITTED_AT,
    )

    def pinned(content: str = "c" * 64, run_id: str = "run-1", **changes: str) -> ModelRef | None:
        asked = replace(submission, **changes)  # type: ignore[arg-type]
        return world.store.pinned_model(asked, content, run_id=run_id)

    assert pinned() == manifest.model
    assert pinned(run_id="run-2") is None
    assert pinned(content="0" * 64) is None
    assert pinned(key="other") is None
    assert pinned(account="trial-lumen") is None
    assert pinned(model_name="other") is None


def test_the_calls_for_a_batch_are_booked_once_with_it(product_database_url: str) -> None:
    database = Database(product_database_url)
    book, ledger = PostgresComparisonBook(database), PostgresUsageBook(database)
    comparison = begun()
    book.open(comparison)
    book.record(comparison.comparison_id, sample("b-1", ("d1", "A", "B"), charges=(charge("b-1"),)))
    again = charge("b-1", usd=7.0)
    book.record(comparison.comparison_id, sample("b-1", charges=(again,)))

    day = (SUBMITTED_AT - timedelta(hours=1)).date()
    (line,) = ledger.costs(Grouping.KIND, day, SUBMITTED_AT.date())
    assert (line.name, line.charges, line.list_cost_usd) == ("comparison", 1, 0.25)
    assert line.list_cost_usd == book.spending(comparison).list_cost_usd
    hours = ledger.charged_hours(
        "twolane-news-topic-v2", SUBMITTED_AT - timedelta(hours=1), SUBMITTED_AT
    )
    assert hours == 1.0, "so long the endpoint was not idle"
    database.close()
