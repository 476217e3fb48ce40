"""The stage of a cascade, from the output of a lane or an endpoint into the rows of both stores."""

from __future__ import annotations

import pytest

from include.domain.batches.predictions import Stage
from include.pipeline.batch.collect_batch import CollectPorts, collect_batch
from include.pipeline.batch.load_batch import Target, load_batch
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.reconciliation.reconcile_batch import ReconcilePorts, reconcile_batch
from include.pipeline.reconciliation.reconcile_ports import Scope
from tests.support.batches import NOW, World, documents
from tests.support.fakes import classify


def _cascade(record: dict[str, object]) -> dict[str, object]:
    """Every third document is answered cheaply."""
    is_cheap = int(str(record["id"])[1:]) % 3 == 0
    return classify(record) | {"stage": "cheap" if is_cheap else "encoder"}


@pytest.fixture
def loaded() -> tuple[World, BatchLayout]:
    world = World(shard_documents=4)
    world.endpoint.answer = _cascade
    layout = world.routed(documents(9))
    world.serve(layout)
    collect_batch(
        layout, ports=CollectPorts(world.objects, world.registry, world.gate, world.read_store)
    )
    for name, write in (
        ("dynamodb", world.write_store.put),
        ("aurora", world.read_store.load_predictions),
    ):
        load_batch(layout, Target(name, write), objects=world.objects)
    return world, layout


def test_both_stores_say_which_stage_answered(loaded: tuple[World, BatchLayout]) -> None:
    world, layout = loaded
    readable = world.read_store.batches[layout.batch_id].predictions.values()
    for rows in (world.write_store.items.values(), readable):
        stages = {row.document_id: row.stage for row in rows}
        assert stages == {f"d{n}": Stage.ENCODER if n % 3 else Stage.CHEAP for n in range(9)}


def test_the_rows_are_proved_with_their_stages(loaded: tuple[World, BatchLayout]) -> None:
    world, layout = loaded
    proof = reconcile_batch(
        layout,
        scope=Scope.FULL,
        is_repaired=False,
        now=lambda: NOW,
        ports=ReconcilePorts(world.objects, world.read_store, world.write_store, world.book),
    )
    assert proof.findings == ()
