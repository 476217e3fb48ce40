"""A run of `watch_deadlines`: it foresees a miss, has the lane do something, reports a miss."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.domain.lanes import Lane
from include.pipeline.batch_objects.records import Validation
from include.pipeline.lanes.wish import LaneWishes
from include.pipeline.ports.stores import BatchClosure
from tests.integration.conftest import Product, forget_settings
from tests.support.placed_batch import PlacedBatch

TOKENS = 3_000_000
"""In each of four shards: on one instance the lanes file expects twice the deadline."""

SENSORS = ("foresee_misses", "report_misses")


@pytest.fixture
def watching(product: Product, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    """The product, its watch over after a few looks."""
    from include.wiring.watch import watch, watch_at

    monkeypatch.setenv("TWOLANE_SLA_LOOK_S", "0.5")
    for sensor in SENSORS:
        monkeypatch.setattr(product.task("watch_deadlines", sensor), "watch_s", 2.0)
    for each in (forget_settings, watch.cache_clear, watch_at.cache_clear):
        each()
    yield product
    monkeypatch.undo()
    for each in (forget_settings, watch.cache_clear, watch_at.cache_clear):
        each()


@contextmanager
def placed(product: Product, folder: Path, deadline_s: float) -> Iterator[PlacedBatch]:
    """A batch that waits on Batch Transform, whose driver nobody calls; closed in the end."""
    from include.wiring.batches.bootstrap import twolane

    folder.mkdir()
    batch = PlacedBatch(product.aws, Lane.TRANSFORM, (5,) * 4, folder, deadline_s=deadline_s)
    shards = [replace(each, token_estimate=TOKENS) for each in batch.records.validation().shards]
    batch.records.save_validation(Validation(tuple(shards), 0, ()))
    store, manifest = twolane().read_store, batch.records.manifest()
    store.open_batch(manifest, run_id=f"waits-{batch.layout.batch_id}")
    yield batch
    closure = BatchClosure("failed", "nobody drives it", datetime.now(UTC), False, "")
    store.close_batch(manifest.batch_id, closure)


def test_a_run_foresees_a_miss_and_has_the_lane_do_something_and_reports_what_was_missed(
    watching: Product, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        at_risk, late = (
            stack.enter_context(placed(watching, tmp_path / name, deadline_s))
            for name, deadline_s in (("risk", 600.0), ("late", 0.001))
        )
        outcome = watching.run("watch_deadlines", {})

    assert outcome.tasks == dict.fromkeys(SENSORS, "success")
    found = {
        batch: watching.query("SELECT * FROM sla_events WHERE batch_id = %s", batch)
        for batch in (at_risk.layout.batch_id, late.layout.batch_id)
    }
    (risk,), (miss,) = found.values()
    assert (risk["kind"], risk["stage"], risk["action"]) == ("risk", "lane", "add_instances")
    assert (miss["kind"], miss["action"]) == ("miss", "")
    assert miss["stage"] in ("validate", "lane"), "of so short a life either may be the longest"
    assert LaneWishes(at_risk.objects, at_risk.layout).of(Lane.TRANSFORM).instances > 1
    posted = {
        alert["batch_id"]: alert["kind"]
        for alert in watching.query("SELECT * FROM alerts WHERE batch_id = ANY(%s)", list(found))
    }
    assert list(map(posted.get, found)) == ["deadline_risk", "deadline_missed"]
