"""A night's watch on the fake book: judged together, written down, and shown."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from include.adapters.drift_page import HtmlDriftPage
from include.domain.alerts import AlertKind
from include.domain.drift.features import Feature
from include.domain.drift.policy import (
    Comparison,
    DriftPolicy,
    Level,
    Source,
    Stream,
    level_of,
)
from include.domain.drift.sketch import Sketch
from include.domain.errors import ObjectMissing
from include.domain.feedback import Feedback
from include.domain.model_ref import ModelRef
from include.pipeline.drift.announce_unread import announce_unread
from include.pipeline.drift.ports import UNREADABLE_DATA, BatchProfile, TrainingFacts, Unread
from include.pipeline.drift.profile_batch import Skipped, unread_batches
from include.pipeline.drift.watch_drift import WatchPorts, judged, watch_drift
from tests.support.drifting import sketch
from tests.support.fakes import FakeObjectStore
from tests.support.fakes.alerts import FakeAlertBook
from tests.support.fakes.drift import FakeDriftBook
from tests.support.manifests import make_manifest, make_rows

MODEL = ModelRef("news-topic", "1", "d" * 64)
FIRST = date(2026, 3, 1)
NOTHING_KNOWN = TrainingFacts()
POLICY = DriftPolicy(reference_days=3, reference_documents=200)
RANDOM = np.random.default_rng(3)


@pytest.fixture
def book() -> FakeDriftBook:
    return FakeDriftBook()


def keep(
    book: FakeDriftBook, account: str, number: int, found: Sketch | None, model: ModelRef = MODEL
) -> None:
    night = FIRST + timedelta(days=number)
    batch_id = f"b-{account}-{model.version}-{number}"
    book.keep_profile(BatchProfile(batch_id, Stream(account, model), night, found))


def watch(
    book: FakeDriftBook,
    number: int,
    training: Sketch | None = None,
    facts: TrainingFacts = NOTHING_KNOWN,
    damaged: dict[ModelRef, Exception] | None = None,
    unread: bool = True,
) -> tuple[FakeObjectStore, list[tuple[str, Feature, Level]]]:
    objects = FakeObjectStore()

    def training_sketch(model: ModelRef) -> Sketch | None:
        if damaged and model in damaged:
            raise damaged[model]
        return training

    ports = WatchPorts(
        objects,
        book,
        HtmlDriftPage(),
        training_sketch,
        lambda model: facts,
        lambda name, version, tags: objects.put(f"s3://tags/{name}@{version}", str(tags)),
    )
    night = FIRST + timedelta(days=number)
    watched = watch_drift(night, work_bucket="twolane-work", policy=POLICY, ports=ports)
    assert {each.about for each in watched.unread} == {m.label for m in damaged or {} if unread}
    return objects, [
        (f.comparison.stream.account, f.comparison.feature, f.level)
        for f in watched.findings
        if f.is_alarm
    ]


def test_the_account_that_moves_is_named_and_the_others_are_not(book: FakeDriftBook) -> None:
    for number in range(5):
        moved = {"Else": 1.0} if number == 4 else {"Sports": 0.5, "World": 0.5}
        keep(book, "mover", number, sketch(RANDOM, 120, moved))
        for other in range(6):
            keep(book, f"calm-{other}", number, sketch(RANDOM, 120))

    _, before = watch(book, 3)
    objects, after = watch(book, 4)

    assert before == []
    assert {account for account, _, _ in after} == {"mover"}
    assert ("mover", Feature.EMBEDDING, Level.MAJOR) in after
    uri = "s3://twolane-work/drift/2026-03-05/index.html"
    assert book.report_uris[FIRST + timedelta(days=4)] == uri
    page = objects.read_text(uri)
    assert "1 of 7 accounts and models have moved" in page
    tag = objects.read_text("s3://tags/news-topic@1")
    assert f"1 of 7 accounts have moved, most mover, embedding major ({uri})" in tag
    assert "median score about" in page
    assert "<script" not in page


def test_a_night_is_watched_again_with_the_same_result(book: FakeDriftBook) -> None:
    for number in range(4):
        keep(book, "calm", number, sketch(RANDOM, 120))

    first, _ = watch(book, 3)
    kept = list(book.findings[FIRST + timedelta(days=3)])
    second, _ = watch(book, 3)

    assert first.objects == second.objects
    assert book.findings[FIRST + timedelta(days=3)] == kept


def test_a_new_account_that_is_nothing_like_the_training_data(book: FakeDriftBook) -> None:
    keep(book, "stranger", 0, sketch(RANDOM, 100, {"Else": 1.0}))
    keep(book, "kin", 0, sketch(RANDOM, 100))

    _, alarms = watch(book, 0, training=sketch(RANDOM, 2_000))

    assert {account for account, _, _ in alarms} == {"stranger"}


@pytest.mark.parametrize("error", UNREADABLE_DATA)
def test_training_data_that_cannot_be_read_cost_their_own_comparison_alone(
    book: FakeDriftBook, error: type[Exception]
) -> None:
    broken = ModelRef("news-topic", "2", "e" * 64)
    for number in range(4):
        moved = {"Else": 1.0} if number == 3 else {"Sports": 0.5, "World": 0.5}
        keep(book, "settled", number, sketch(RANDOM, 120, moved), broken)
    keep(book, "newcomer", 3, sketch(RANDOM, 120, {"Else": 1.0}), broken)
    keep(book, "stranger", 3, sketch(RANDOM, 120, {"Else": 1.0}))

    gone = {broken: error("s3://data/documents.jsonl: no <labelled> document")}
    objects, alarms = watch(book, 3, training=sketch(RANDOM, 2_000), damaged=gone)

    assert {account for account, _, _ in alarms} == {"settled", "stranger"}
    page = objects.read_text("s3://twolane-work/drift/2026-03-04/index.html")
    assert "news-topic@2" in page
    assert "s3://data/documents.jsonl: no &lt;labelled&gt; document" in page


def test_training_data_that_nobody_needs_any_more_are_not_asked_for(book: FakeDriftBook) -> None:
    for number in range(4):
        keep(book, "settled", number, sketch(RANDOM, 120))

    gone: dict[ModelRef, Exception] = {MODEL: ObjectMissing("s3://data/documents.jsonl")}
    watch(book, 3, damaged=gone, unread=False)


def test_what_a_night_goes_without_is_an_alert_once_a_night() -> None:
    alerts, now = FakeAlertBook(), datetime(2026, 3, 1, 4, tzinfo=UTC)
    unread = [Unread("news-topic@2", "its training data: damaged", "Nothing is compared.")]
    unread += unread_batches([Skipped("b-1", "no manifest"), Skipped("b-2", "no answers")])

    def announce(later: timedelta) -> int:
        return len(announce_unread(unread, FIRST, now=now + later, alerts=alerts))

    assert announce(timedelta()) == 2
    assert announce(timedelta(minutes=9)) == 0
    assert announce(timedelta(days=1)) == 2

    model, batches, *_ = alerts.posted
    assert (model.kind, model.subject) == (AlertKind.DRIFT_UNREAD, "news-topic@2")
    assert model.detail == "its training data: damaged. Nothing is compared."
    assert "b-1: no manifest. So skipped: 2" in batches.detail
    assert unread_batches([]) == []


def test_a_night_without_documents_has_a_page_that_says_so(book: FakeDriftBook) -> None:
    keep(book, "gone", 0, None)

    objects, alarms = watch(book, 0, training=sketch(RANDOM, 100))

    assert alarms == []
    assert "Nothing was sent" in objects.read_text("s3://twolane-work/drift/2026-03-01/index.html")


def label(book: FakeDriftBook, right: int, wrong: int, number: int, batch_id: str) -> None:
    manifest = make_manifest(batch_id, account="standard-harbor")
    book.store.open_batch(manifest, run_id="run")
    book.store.load_predictions(manifest, make_rows(right + wrong, label="Sports"))
    given_at = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=number)
    book.feedback.put(
        [
            Feedback(
                manifest.account,
                batch_id,
                f"doc-{n}",
                "Sports" if n < right else "World",
                "table",
                given_at,
            )
            for n in range(right + wrong)
        ]
    )


def test_answers_that_became_worse_than_on_held_out_documents(book: FakeDriftBook) -> None:
    label(book, right=60, wrong=40, number=2, batch_id="b-1")

    objects, alarms = watch(book, 3, facts=TrainingFacts(accuracy=0.9, held_out=500))

    assert alarms == [("standard-harbor", Feature.QUALITY, Level.MAJOR)]
    assert "accuracy 90.0% → 60.0%" in objects.read_text(
        "s3://twolane-work/drift/2026-03-04/index.html"
    )


def test_labels_that_only_complain_are_compared_with_earlier_complaints(
    book: FakeDriftBook,
) -> None:
    label(book, right=30, wrong=70, number=-60, batch_id="b-early")
    label(book, right=30, wrong=70, number=2, batch_id="b-late")

    _, alarms = watch(book, 3, facts=TrainingFacts(accuracy=0.9, held_out=500))

    assert alarms == []


def test_few_labels_and_nothing_to_compare_with_judge_nothing(book: FakeDriftBook) -> None:
    label(book, right=10, wrong=30, number=2, batch_id="b-few")
    assert watch(book, 3, facts=TrainingFacts(accuracy=0.9, held_out=500))[1] == []

    label(book, right=10, wrong=90, number=2, batch_id="b-many")
    assert watch(book, 3)[1] == []


def test_of_nights_without_drift_no_more_raise_an_alarm_than_allowed() -> None:
    random = np.random.default_rng(1)
    nights, loud = 600, 0
    for _ in range(nights):
        tests = [comparison(p_value=p, effect=1.0) for p in random.uniform(size=200)]
        loud += any(finding.is_alarm for finding in judged(FIRST, tests, POLICY))

    # 600 nights at 1 % give 6; more than 14 would have a chance of 0.1 %.
    assert loud <= 14


def comparison(p_value: float, effect: float, feature: Feature = Feature.LENGTH) -> Comparison:
    stream = Stream("a", MODEL)
    return Comparison(stream, feature, 1, Source.OWN, 100, 1_000, effect, p_value)


@pytest.mark.parametrize(
    ("effect", "feature", "level"),
    [
        (0.04, Feature.LENGTH, Level.STEADY),
        (0.05, Feature.LENGTH, Level.SLIGHT),
        (0.1, Feature.LENGTH, Level.MODERATE),
        (0.25, Feature.LENGTH, Level.MAJOR),
        (0.01, Feature.QUALITY, Level.STEADY),
        (0.06, Feature.QUALITY, Level.MODERATE),
        (0.25, Feature.QUALITY, Level.MAJOR),
    ],
)
def test_a_level_needs_an_effect_and_certainty(
    effect: float, feature: Feature, level: Level
) -> None:
    found = comparison(1e-9, effect, feature)

    assert level_of(found, 0.01, POLICY) is level
    assert level_of(found, 0.011, POLICY) is Level.STEADY
