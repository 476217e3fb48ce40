"""Charges of lanes, whatever a lane reports: waste is a part, never negative, and sums hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.lanes import Lane
from include.domain.model_ref import ModelRef
from include.domain.money.costs import Charge, Waste, lane_charge
from include.pipeline.batch_objects.records import LaneRun
from include.pipeline.calibration.charges import probe_charges
from tests.support.batches import profile

AT = datetime(2026, 3, 1, tzinfo=UTC)
seconds = st.floats(0, 1e6)
wastes = st.dictionaries(st.sampled_from(Waste), st.floats(-1e6, 1e6), max_size=len(Waste))


@st.composite
def charges(draw: st.DrawFn) -> Charge:
    return lane_charge(
        batch_id="b",
        lane=draw(st.sampled_from(Lane)),
        resource_id="job",
        sku="ml.x",
        price_usd_per_h=draw(st.floats(0, 100)),
        instance_count=draw(st.integers(1, 100)),
        started_at=AT,
        ended_at=AT + timedelta(seconds=draw(seconds)),
        is_emulated=draw(st.booleans()),
        billable_s=draw(st.none() | seconds),
        waste_s=draw(wastes),
    )


@given(charges())
def test_waste_is_a_part_of_the_cost_and_no_part_is_negative(charge: Charge) -> None:
    assert all(usd >= 0 for usd in charge.waste_cost.values())
    assert charge.total_waste_cost <= charge.list_cost * (1 + 1e-9)
    assert charge.billed_cost == (0.0 if charge.is_emulated else charge.list_cost)
    assert charge.list_cost >= 0


@given(st.lists(st.tuples(seconds, st.none() | seconds, st.integers(1, 8)), max_size=6))
def test_a_probes_charges_come_to_the_time_it_was_given_all_of_it_waste(runs) -> None:
    made = [
        LaneRun(f"job-{n}", "ml.x", count, AT, AT + timedelta(seconds=held_s), billable_s)
        for n, (held_s, billable_s, count) in enumerate(runs)
    ]
    found = probe_charges(
        made,
        batch_id="c-1-0",
        model=ModelRef("news-topic", "1", "d"),
        profile=profile(Lane.SPOT, price_usd_per_h=0.3, on_demand_usd_per_h=1.0),
        is_emulated=True,
    )
    total_s = sum(
        (run.ended_at - run.started_at).total_seconds() * run.instance_count
        if run.billable_s is None
        else run.billable_s
        for run in made
    )
    assert sum(each.list_cost for each in found) == pytest.approx(total_s / 3600)
    assert all(each.waste_cost == each.list_cost and each.billed_cost == 0 for each in found)
    assert len({each.charge_id for each in found}) == len(made)
