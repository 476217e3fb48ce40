"""A closed batch described from its objects, and a version from its training data."""

from __future__ import annotations

import json
from datetime import date

import pytest

from include.domain.batches.manifests import Shard
from include.domain.drift.features import EMBEDDING_WIDTH
from include.domain.drift.policy import Stream
from include.domain.errors import ObjectMissing
from include.domain.model_ref import ModelRef
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords, Validation
from include.pipeline.drift.document_features import WordVectors
from include.pipeline.drift.ports import TrainingFacts
from include.pipeline.drift.profile_batch import Looking, profile_batch, profile_batches
from include.pipeline.drift.training_profile import training_profile
from tests.support.drifting import VECTORS
from tests.support.fakes import FakeModelRegistry, FakeObjectStore
from tests.support.fakes.drift import FakeDriftBook
from tests.support.manifests import make_manifest

NIGHT = date(2026, 3, 2)
LAYOUT = BatchLayout("work", "b-1")


def closed_batch(documents: int, shards: int = 2) -> FakeObjectStore:
    """A batch whose every fifth document the model refused."""
    objects = FakeObjectStore()
    save_batch(objects, LAYOUT, documents, shards)
    return objects


def save_batch(objects: FakeObjectStore, layout: BatchLayout, documents: int, shards: int) -> None:
    records = BatchRecords(objects, layout)
    records.save_manifest(make_manifest(layout.batch_id))
    clean = []
    for index in range(shards):
        ids = [f"d{n}" for n in range(documents) if n % shards == index]
        lines = [json.dumps({"id": i, "text": f"sport1 common{i[-1]}"}) for i in ids]
        objects.put(layout.input_shard(index), "\n".join(lines) + "\n")
        answers = [
            {"id": i, "error": {"code": "empty", "message": "no"}}
            if int(i[1:]) % 5 == 0
            else {"id": i, "label": "Sports", "score": 0.9}
            for i in ids
        ]
        # A transform job may leave blank lines between payloads.
        objects.put(layout.output_shard(index), "\n\n".join(map(json.dumps, answers)) + "\n")
        clean.append(Shard(index, layout.input_shard(index), len(ids), 10 * len(ids)))
    records.save_validation(Validation(tuple(clean), 0, ()))


def looking(
    objects: FakeObjectStore,
    *,
    sample_documents: int = 100,
    vectors: WordVectors | None = None,
    book: FakeDriftBook | None = None,
) -> Looking:
    return Looking(NIGHT, sample_documents, lambda model: vectors, objects, book or FakeDriftBook())


def test_a_small_batch_is_described_as_a_whole() -> None:
    profile = profile_batch(LAYOUT, looking(closed_batch(20), vectors=VECTORS))

    assert profile.stream == Stream("standard-harbor", make_manifest("b-1").model)
    assert profile.night == NIGHT
    assert profile.sketch is not None
    assert profile.sketch.documents == 20
    assert profile.sketch.labels == {"Sports": 16}
    assert sum(profile.sketch.scores) == 16
    assert profile.sketch.embedding is not None
    assert len(profile.sketch.embedding.sums) == EMBEDDING_WIDTH


def test_of_a_large_batch_about_so_many_are_taken_and_the_same_each_time() -> None:
    objects = closed_batch(2_000)

    found = [profile_batch(LAYOUT, looking(objects, sample_documents=200)) for _ in range(2)]

    assert found[0] == found[1]
    assert found[0].sketch is not None
    assert 150 <= found[0].sketch.documents <= 250
    assert found[0].sketch.embedding is None


def test_a_batch_whose_objects_are_gone_is_noted_as_such() -> None:
    objects = closed_batch(20)
    objects.objects.pop(LAYOUT.output_shard(1))

    profile = profile_batch(LAYOUT, looking(objects))

    assert profile.sketch is None
    with pytest.raises(ObjectMissing):
        profile_batch(LAYOUT, looking(FakeObjectStore()))


@pytest.mark.parametrize(
    ("uri", "text", "fault"),
    [
        (LAYOUT.manifest, None, "ObjectMissing"),
        (LAYOUT.manifest, "{", "RecordUnreadable"),
        (LAYOUT.validation, "{", "RecordUnreadable"),
        (LAYOUT.input_shard(1), '{"id": 1}\n', "RecordUnreadable"),
        (LAYOUT.output_shard(1), "<html>\n", "OutputIncomplete"),
    ],
)
def test_a_batch_that_cannot_be_read_is_skipped_with_the_reason_and_the_others_are_kept(
    uri: str, text: str | None, fault: str
) -> None:
    objects = closed_batch(20)
    well = BatchLayout("work", "b-2")
    save_batch(objects, well, documents=20, shards=1)
    objects.objects.pop(uri)
    if text is not None:
        objects.put(uri, text)
    book = FakeDriftBook()

    profiles, skipped = profile_batches([LAYOUT, well], looking(objects, book=book))

    assert [each.batch_id for each in profiles] == ["b-2"]
    assert list(book.profiles) == ["b-2"]
    assert [each.batch_id for each in skipped] == ["b-1"]
    assert skipped[0].reason.startswith(f"{fault}: ")
    assert uri in skipped[0].reason


class Facts:
    """Where the training data stand; counts how often it is asked."""

    def __init__(self, data_uri: str) -> None:
        self.data_uri = data_uri
        self.asked = 0

    def facts(self, model: ModelRef) -> TrainingFacts:
        self.asked += 1
        return TrainingFacts(self.data_uri, 0.9, 100)


@pytest.mark.parametrize("name", ["documents.jsonl", "documents.csv"])
def test_training_data_are_described_once_and_kept_with_the_version(name: str) -> None:
    uri, registry = f"s3://models/data/{name}", FakeModelRegistry()
    rows = [{"id": f"t{n}", "text": f"sport{n}", "label": "Sports"} for n in range(5)]
    text = (
        "id,text,label\n" + "".join(f"{r['id']},{r['text']},{r['label']}\n" for r in rows)
        if name.endswith(".csv")
        else "".join(json.dumps(row) + "\n" for row in rows)
    )
    objects, facts = FakeObjectStore({uri: text}), Facts(uri)
    model = registry.resolve("news-topic", "champion")

    found = [
        training_profile(model, VECTORS, objects=objects, registry=registry, training=facts)
        for _ in range(2)
    ]

    assert found[0] == found[1]
    assert found[0] is not None
    assert (found[0].documents, found[0].labels) == (5, {"Sports": 5})
    assert sum(found[0].scores) == 0
    assert facts.asked == 1
    assert objects.exists("s3://twolane-models/news-topic/1/profile.json")


def test_a_large_file_that_is_sorted_by_label_is_described_with_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("include.pipeline.drift.training_profile.MAX_DOCUMENTS", 100)
    uri, registry = "s3://models/data/documents.jsonl", FakeModelRegistry()
    rows = [
        {"id": f"{label}-{n}", "text": f"text{n}", "label": label}
        for label in ("Sports", "World")
        for n in range(300)
    ]
    objects = FakeObjectStore({uri: "".join(json.dumps(row) + "\n" for row in rows)})
    model = registry.resolve("news-topic", "champion")

    found = training_profile(model, None, objects=objects, registry=registry, training=Facts(uri))

    assert found is not None
    assert found.documents == 100
    assert min(found.labels[label] for label in ("Sports", "World")) > 30


@pytest.mark.parametrize("uri", ["", "s3://models/data/pretrained.tar.gz"])
def test_a_version_that_was_trained_on_no_documents_has_no_profile(uri: str) -> None:
    registry = FakeModelRegistry()
    model = registry.resolve("news-topic", "champion")
    objects = FakeObjectStore({"s3://models/data/pretrained.tar.gz": b"\x1f\x8b"})

    found = training_profile(model, None, objects=objects, registry=registry, training=Facts(uri))

    assert found is None


def test_documents_that_are_gone_are_named() -> None:
    registry, facts = FakeModelRegistry(), Facts("s3://models/data/gone.jsonl")
    model = registry.resolve("news-topic", "champion")

    with pytest.raises(ObjectMissing, match=r"gone\.jsonl"):
        training_profile(model, None, objects=FakeObjectStore(), registry=registry, training=facts)


def test_a_damaged_profile_is_made_anew() -> None:
    uri, registry = "s3://models/data/documents.jsonl", FakeModelRegistry()
    row = {"id": "t1", "text": "goal", "label": "Sports"}
    kept = "s3://twolane-models/news-topic/1/profile.json"
    objects = FakeObjectStore({uri: json.dumps(row) + "\n", kept: '{"documents": "many"}'})
    model = registry.resolve("news-topic", "champion")

    found = training_profile(model, None, objects=objects, registry=registry, training=Facts(uri))

    assert found is not None
    assert found.documents == 1
    assert '"documents":1,' in objects.read_text(kept)
