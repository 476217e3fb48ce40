import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.batches.documents import QuarantineReason
from include.domain.errors import NoValidDocuments
from include.pipeline.batch_objects.id_index import IdIndex
from include.pipeline.batch_objects.records import BatchRecords
from tests.support.batches import World, documents

lines = st.lists(
    st.sampled_from(
        [
            b'{"id": "a", "text": "t"}',
            b'{"id": "b", "text": "t"}',
            b'{"id": "c", "text": " "}',
            b'{"text": "t"}',
            b'{"id": "d"}',
            b"not json",
        ]
    ),
    min_size=1,
    max_size=40,
)


@given(lines)
def test_every_document_is_clean_or_in_quarantine(content):
    world = World(shard_documents=3)
    try:
        layout = world.validated(b"\n".join(content))
    except NoValidDocuments:
        (batch,) = world.read_store.batches.values()
        assert len(batch.quarantined) == len(content)
        return
    validation = BatchRecords(world.objects, layout).validation()
    (batch,) = world.read_store.batches.values()
    assert validation.document_count + len(batch.quarantined) == len(content)
    assert validation.quarantined_count == len(batch.quarantined)
    clean = [
        json.loads(line)
        for shard in validation.shards
        for line in world.objects.objects[shard.uri].splitlines()
    ]
    ids = [record["id"] for record in clean]
    assert len(ids) == len(set(ids)) == validation.document_count
    assert all(record["text"].strip() for record in clean)


def test_reasons_reach_the_store_and_a_duplicate_is_found_across_shards():
    world = World(shard_documents=2)
    content = documents(4) + b'{"id": "d0", "text": "again"}\n'
    world.validated(content)
    (batch,) = world.read_store.batches.values()
    assert {row: q.reason for row, q in batch.quarantined.items()} == {
        4: QuarantineReason.DUPLICATE_ID
    }
    assert batch.quarantined[4].excerpt == "again"


def test_a_batch_without_a_valid_document_ends_with_its_name_and_keeps_the_reasons():
    world = World()
    with pytest.raises(NoValidDocuments, match=r"b-[0-9a-f]{20}.*batch\.jsonl.*2 documents"):
        world.validated(b"nonsense\nmore nonsense")
    (batch,) = world.read_store.batches.values()
    assert len(batch.quarantined) == 2
    assert not batch.predictions
    assert world.layout(batch.manifest).quality_report in world.objects.objects


def test_a_faulty_row_does_not_make_a_duplicate_of_the_sound_row_after_it():
    world = World()
    layout = world.validated(b'{"id": "a", "text": " "}\n{"id": "b", "text": "t"}\n')
    assert BatchRecords(world.objects, layout).validation().document_count == 1


def test_validating_twice_changes_nothing():
    world = World(shard_documents=2)
    content = documents(3) + b"nonsense\n"
    first = world.validated(content)
    before = dict(world.objects.objects)
    assert world.validated(content) == first
    assert world.objects.objects == before


@given(st.lists(st.none() | st.text(max_size=3), max_size=50))
def test_the_id_index_finds_what_a_set_finds(tmp_path_factory, ids):
    seen: set[str] = set()
    expected = []
    for position, document_id in enumerate(ids):
        if document_id is not None and document_id in seen:
            expected.append(position)
        if document_id is not None:
            seen.add(document_id)
    with IdIndex(tmp_path_factory.mktemp("ids") / "ids.sqlite") as index:
        assert index.add(ids) == expected
