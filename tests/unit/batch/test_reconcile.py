"""Proving and repairing the two stores, over the fakes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.batches.predictions import Stage
from include.domain.errors import StoreError
from include.domain.fingerprints import Fingerprint
from include.pipeline.batch.close_batch import ClosePorts, close_batch
from include.pipeline.batch.collect_batch import CollectPorts, collect_batch
from include.pipeline.batch.load_batch import Target, load_batch
from include.pipeline.ports.stores import PredictionRow
from include.pipeline.reconciliation.reconcile_batch import ReconcilePorts, reconcile_batch
from include.pipeline.reconciliation.reconcile_ports import Scope
from tests.support.batches import NOW, PROFILES, World, documents

ROWS = st.lists(
    st.builds(
        PredictionRow,
        st.text(max_size=8),
        st.text(max_size=4),
        st.floats(0, 1, width=32),
        st.sampled_from([None, *Stage]),
    ),
    max_size=8,
    unique_by=lambda row: row.document_id,
)


@given(ROWS, st.randoms())
def test_a_fingerprint_ignores_order_and_adds_up(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    cut = len(rows) // 2
    whole = Fingerprint.total(row.fingerprint("1") for row in rows)
    assert Fingerprint.total(row.fingerprint("1") for row in shuffled) == whole
    parts = [
        Fingerprint.total(r.fingerprint("1") for r in part) for part in (rows[:cut], rows[cut:])
    ]
    assert parts[0] + parts[1] == whole
    assert Fingerprint.parse(str(whole)) == whole


@pytest.mark.parametrize(
    "change",
    [{"label": "Sports"}, {"score": 0.25}, {"document_id": "other"}, {"stage": Stage.CHEAP}],
)
def test_any_change_of_a_row_changes_its_fingerprint(change):
    row = PredictionRow("doc", "World", 0.5)
    assert replace(row, **change).fingerprint("1") != row.fingerprint("1")
    assert row.fingerprint("2") != row.fingerprint("1")


def test_a_row_without_a_stage_counts_as_before_there_were_stages():
    """Marks and records written before migration 0007 stay good."""
    row = PredictionRow("doc", "World", 0.5)
    assert str(row.fingerprint("1")) == "1 6dc43b0a43864119"


@pytest.mark.parametrize("text", ["", "20", "void", "3 xyz", "3 0123456789abcdef0"])
def test_what_is_no_fingerprint_is_not_read_as_one(text):
    assert Fingerprint.parse(text) is None


def _collected(count):
    world = World(shard_documents=4)
    layout = world.routed(documents(count))
    world.serve(layout)
    ports = CollectPorts(world.objects, world.registry, world.gate, world.read_store)
    collect_batch(layout, ports=ports)
    return world, layout


def _load(world, layout):
    for target in (
        Target("dynamodb", world.write_store.put),
        Target("aurora", world.read_store.load_predictions),
    ):
        load_batch(layout, target, objects=world.objects)


def _loaded(count=10):
    world, layout = _collected(count)
    _load(world, layout)
    return world, layout


def _close(world, layout):
    return close_batch(
        layout,
        loaded_at=NOW,
        profiles=PROFILES,
        is_emulated=True,
        ports=ClosePorts(
            world.objects, world.gate, world.read_store, world.write_store, world.book
        ),
    )


def _reconcile(world, layout, scope=Scope.FULL, is_repaired=True):
    return reconcile_batch(
        layout,
        scope=scope,
        is_repaired=is_repaired,
        now=lambda: NOW,
        ports=ReconcilePorts(world.objects, world.read_store, world.write_store, world.book),
    )


def _lose_item(world, layout):
    world.write_store.items.popitem()


def _change_item(world, layout):
    key, row = next(iter(world.write_store.items.items()))
    world.write_store.items[key] = replace(row, label="Another")


def _lose_row(world, layout):
    world.read_store.batches[layout.batch_id].predictions.popitem()


def _change_row(world, layout):
    held = world.read_store.batches[layout.batch_id].predictions
    key = next(iter(held))
    held[key] = replace(held[key], score=0.125)


def _change_stage(world, layout):
    held = world.read_store.batches[layout.batch_id].predictions
    key = next(iter(held))
    held[key] = replace(held[key], stage=Stage.CHEAP)


def _lose_mark(world, layout):
    del world.objects.objects[layout.loaded_shard("aurora", 1)]


DAMAGES = [_lose_item, _change_item, _change_stage, _lose_row, _change_row, _lose_mark]


def test_a_sound_batch_is_proved_and_nothing_is_written():
    world, layout = _loaded()
    writes = dict(world.objects.writes)
    proof = _reconcile(world, layout)
    assert proof.is_consistent
    assert (proof.findings, proof.repaired_shards) == ((), ())
    assert proof.expected.count == 10
    assert world.objects.writes == writes
    assert world.book.proofs == [proof]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_found_and_repaired_by_its_shard(damage):
    world, layout = _loaded()
    damage(world, layout)
    found = _reconcile(world, layout, is_repaired=False)
    assert not found.is_consistent
    assert len(found.findings) >= 1
    repaired = _reconcile(world, layout)
    assert repaired.is_consistent
    assert len(repaired.repaired_shards) == (0 if damage is _lose_mark else 1)
    assert _reconcile(world, layout).findings == ()


@pytest.mark.parametrize("damage", [d for d in DAMAGES if d is not _change_item])
def test_closing_repairs_what_counts_and_checksums_show(damage):
    world, layout = _loaded()
    damage(world, layout)
    assert _close(world, layout).state == "succeeded"
    assert _reconcile(world, layout, is_repaired=False).findings == ()


def test_rows_that_belong_to_no_document_are_reported_and_left():
    world, layout = _loaded()
    manifest = world.read_store.batches[layout.batch_id].manifest
    world.write_store.put(manifest, [PredictionRow("stranger", "World", 0.5)])
    with pytest.raises(StoreError, match="dynamodb: 11 items for 10 predictions"):
        _close(world, layout)
    assert world.write_store.count(manifest) == 11


def test_output_that_changed_behind_its_collection_is_not_loaded():
    world, layout = _collected(4)
    uri = layout.output_shard(0)
    lines = [json.loads(line) for line in world.objects.objects[uri].splitlines()]
    lines[0]["score"] = 0.125
    world.objects.put(uri, b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    with pytest.raises(StoreError, match="has changed since it was collected"):
        _load(world, layout)
