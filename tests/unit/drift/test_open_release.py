"""Drift past the limit asks for a release, no more often than the cool-down allows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from include.domain.batches.manifests import Shard
from include.domain.drift.features import Feature
from include.domain.drift.policy import (
    Comparison,
    DriftPolicy,
    Finding,
    Level,
    Source,
    Stream,
)
from include.domain.errors import UnknownModelAlias
from include.domain.feedback import Feedback
from include.domain.model_ref import ModelRef
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords, Validation
from include.pipeline.drift.open_release import (
    Refusal,
    ReleasePorts,
    ReleaseSite,
    open_releases,
)
from include.pipeline.drift.ports import DriftRelease, TrainingFacts
from tests.support.fakes import FakeModelRegistry, FakeObjectStore
from tests.support.fakes.drift import FakeDriftBook
from tests.support.manifests import SUBMITTED_AT, make_manifest, make_rows

NIGHT = date(2026, 3, 2)
POLICY = DriftPolicy(cool_down_days=7, min_labels=3)
TRAINED = "s3://models/release-data/abc-20/fit/documents.jsonl"
TESTED = "s3://models/release-data/abc-20/test/documents.jsonl"


class Training:
    def __init__(self, data_uri: str = TRAINED) -> None:
        self.data_uri = data_uri

    def facts(self, model: ModelRef) -> TrainingFacts:
        return TrainingFacts(self.data_uri, 0.9, 100)


def line(id_: str, text: str, label: str) -> str:
    return json.dumps({"id": id_, "text": text, "label": label}) + "\n"


@pytest.fixture
def ports() -> ReleasePorts:
    objects = FakeObjectStore(
        {TRAINED: line("t1", "old", "World"), TESTED: line("t2", "older", "Sports")}
    )
    return ReleasePorts(objects, FakeModelRegistry(), Training(), FakeDriftBook())


def alarm(
    ports: ReleasePorts, night: date = NIGHT, level: Level = Level.MAJOR, version: str = "1"
) -> None:
    stream = Stream("standard-harbor", ModelRef("news-topic", version, "d" * 64))
    found = Comparison(stream, Feature.EMBEDDING, 1, Source.OWN, 100, 900, 0.8, 1e-9)
    ports.book.record(night, [Finding(night, found, 1e-8, level)], report_uri="s3://w/i.html")


def label(ports: ReleasePorts, count: int, batch_id: str = "b-1") -> None:
    """A batch of ten documents, of which so many were labelled."""
    book = ports.book
    assert isinstance(book, FakeDriftBook)
    manifest = make_manifest(batch_id)
    book.store.open_batch(manifest, run_id="run")
    book.store.load_predictions(manifest, make_rows(10))
    layout = BatchLayout("work", batch_id)
    lines = [json.dumps({"id": f"doc-{n}", "text": f"text {n}"}) for n in range(10)]
    ports.objects.write_text(layout.input_shard(0), "\n".join(lines) + "\n")
    shard = Shard(0, layout.input_shard(0), 10, 100)
    BatchRecords(ports.objects, layout).save_validation(Validation((shard,), 0, ()))
    book.feedback.put(
        [
            Feedback(manifest.account, batch_id, f"doc-{n}", "World", "table", SUBMITTED_AT)
            for n in range(count)
        ]
    )


def opened(ports: ReleasePorts, night: date = NIGHT) -> tuple[list[DriftRelease], list[Refusal]]:
    return open_releases(night, ReleaseSite("work", "s3://inbox/drift/", POLICY, ports))


def test_a_release_has_the_models_data_and_what_the_account_labelled(ports: ReleasePorts) -> None:
    alarm(ports)
    label(ports, 3)

    releases, refused = opened(ports)

    assert refused == []
    (release,) = releases
    assert release.run_id == "drift-news-topic-2026-03-02"
    assert release.data_uri == "s3://inbox/drift/news-topic/2026-03-02/documents.jsonl"
    assert release.reason == (
        "drift of standard-harbor (embedding 0.80 on 2026-03-02); "
        "3 documents that the accounts labelled are added"
    )
    written = [json.loads(each) for each in ports.objects.read_text(release.data_uri).splitlines()]
    assert [each["id"] for each in written] == [
        *("t1", "t2"),
        *(f"standard-harbor/doc-{n}" for n in range(3)),
    ]
    assert written[2] == {"id": "standard-harbor/doc-0", "text": "text 0", "label": "World"}


def test_asking_again_the_same_night_gives_the_same_run(ports: ReleasePorts) -> None:
    alarm(ports)
    label(ports, 3)

    assert opened(ports) == opened(ports)


def test_within_the_cool_down_there_is_no_other(ports: ReleasePorts) -> None:
    alarm(ports)
    label(ports, 3)
    opened(ports)
    later = NIGHT + timedelta(days=6)
    alarm(ports, later)

    releases, refused = opened(ports, later)
    assert releases == []
    assert "drift-news-topic-2026-03-02 was opened on 2026-03-02" in refused[0].reason

    after = NIGHT + timedelta(days=7)
    assert [each.run_id for each in opened(ports, after)[0]] == ["drift-news-topic-2026-03-09"]


def test_without_labels_it_waits_for_them(ports: ReleasePorts) -> None:
    alarm(ports)
    label(ports, 2)

    releases, refused = opened(ports)
    assert releases == []
    assert "2 of the 3 labelled documents it needs" in refused[0].reason

    label(ports, 3)
    (release,) = opened(ports, NIGHT + timedelta(days=1))[0]
    assert release.run_id == "drift-news-topic-2026-03-03"


def test_what_moved_for_a_version_that_was_followed_asks_for_no_other_release(
    ports: ReleasePorts,
) -> None:
    alarm(ports)
    label(ports, 3)
    opened(ports)
    alarm(ports, NIGHT + timedelta(days=1))
    assert isinstance(ports.registry, FakeModelRegistry)
    ports.registry.add("champion", ModelRef("news-topic", "2", "e" * 64))

    after = NIGHT + timedelta(days=7)
    releases, refused = opened(ports, after)
    assert releases == []
    assert refused[0].reason == ("what moved was sent to version 1; the champion is version 2")

    alarm(ports, after, version="2")
    (release,) = opened(ports, after)[0]
    assert release.run_id == "drift-news-topic-2026-03-09"
    assert "on 2026-03-09" in release.reason


def test_a_model_without_a_champion_holds_up_no_other(ports: ReleasePorts) -> None:
    alarm(ports)
    label(ports, 3)
    assert isinstance(ports.registry, FakeModelRegistry)
    ports.registry.drop("news-topic", "champion")

    releases, refused = opened(ports)

    assert releases == []
    assert "there is nothing to release anew" in refused[0].reason


def test_less_than_major_drift_asks_for_nothing(ports: ReleasePorts) -> None:
    alarm(ports, level=Level.MODERATE)
    label(ports, 3)

    assert opened(ports) == ([], [])


def test_texts_that_are_gone_are_left_out(ports: ReleasePorts) -> None:
    alarm(ports)
    label(ports, 3)
    layout = BatchLayout("work", "b-1")
    ports.objects.move(layout.input_shard(0), "s3://elsewhere/gone")

    releases, refused = opened(ports)
    assert releases == []
    assert "0 of the 3 labelled documents it needs" in refused[0].reason


def test_texts_that_cannot_be_read_are_left_out(ports: ReleasePorts) -> None:
    alarm(ports)
    label(ports, 2, batch_id="b-broken")
    label(ports, 3, batch_id="b-1")
    shard = BatchLayout("work", "b-broken").input_shard(0)
    ports.objects.write_text(shard, '{"id": "doc-0"}\n')

    (release,) = opened(ports)[0]

    assert "3 documents that the accounts labelled are added" in release.reason


def test_what_an_earlier_release_was_given_stands_once_with_its_latest_label(
    ports: ReleasePorts,
) -> None:
    earlier = [("doc-0", "World"), ("doc-1", "Sports")]
    lines = [line(f"standard-harbor/{id_}", "as it was", label) for id_, label in earlier]
    ports.objects.write_text(TRAINED, "".join(lines))
    alarm(ports)
    label(ports, 4)

    (release,) = opened(ports)[0]

    written = [json.loads(each) for each in ports.objects.read_text(release.data_uri).splitlines()]
    assert {each["id"]: each["label"] for each in written} == {
        "t2": "Sports",
        **{f"standard-harbor/doc-{n}": "World" for n in range(4)},
    }
    assert len(written) == 5
    assert "3 documents that the accounts labelled are added" in release.reason


def test_labels_that_the_model_has_learned_from_ask_for_no_other_release(
    ports: ReleasePorts,
) -> None:
    known = "".join(line(f"standard-harbor/doc-{n}", f"text {n}", "World") for n in range(2))
    ports.objects.write_text(TRAINED, known)
    alarm(ports)
    label(ports, 4)

    releases, refused = opened(ports)

    assert releases == []
    assert "2 of the 3 labelled documents it needs" in refused[0].reason


def test_documents_keep_their_slice(ports: ReleasePorts) -> None:
    value = {"id": "t1", "text": "old", "label": "World", "slice": "letters"}
    ports.objects.write_text(TRAINED, json.dumps(value) + "\n")
    alarm(ports)
    label(ports, 3)

    (release,) = opened(ports)[0]

    first, *_ = ports.objects.read_text(release.data_uri).splitlines()
    assert json.loads(first) == value


@pytest.mark.parametrize("content", ["no labelled document", None])
def test_data_that_cannot_be_read_are_refused_for_that_model_alone(
    ports: ReleasePorts, content: str | None
) -> None:
    alarm(ports)
    label(ports, 3)
    objects = ports.objects
    assert isinstance(objects, FakeObjectStore)
    if content is None:
        del objects.objects[TRAINED]
    else:
        objects.write_text(TRAINED, content)

    releases, (refusal,) = opened(ports)

    assert releases == []
    assert refusal.unread is not None
    assert refusal.unread.about.startswith("news-topic@")
    assert refusal.unread.reason in refusal.reason
    assert ports.book.releases(NIGHT) == [], "the next night looks again"


def test_a_champion_whose_run_is_gone_is_refused_and_holds_up_no_other(ports: ReleasePorts) -> None:
    class Purged(Training):
        def facts(self, model: ModelRef) -> TrainingFacts:
            raise UnknownModelAlias(f"model {model.label}: Run with id=abc not found")

    alarm(ports)
    label(ports, 3)

    releases, (refusal,) = opened(replace(ports, training=Purged()))

    assert releases == []
    assert refusal.unread is not None
    assert "how it was trained: model news-topic@1: Run with id=abc not found" in refusal.reason


@pytest.mark.parametrize("archive", ["bundle.tar.gz", "pretrained.tar.gz"])
def test_what_other_models_went_into_is_left_to_a_person(ports: ReleasePorts, archive: str) -> None:
    alarm(ports)
    label(ports, 3)

    releases, (refusal,) = opened(replace(ports, training=Training(f"s3://models/d/{archive}")))

    assert releases == []
    assert refusal.unread is None
    assert "a bundle or an import" in refusal.reason
