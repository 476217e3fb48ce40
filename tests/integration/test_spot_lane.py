"""A patient batch on spot, through the real DAG and into both stores."""

from __future__ import annotations

import pytest

from tests.integration.conftest import json_lines, sound
from tests.integration.test_document_inference import check_stores


def test_a_patient_batch_runs_on_spot_and_is_charged_for_it(product):
    file = product.upload("patient.jsonl", json_lines(*sound(40)))

    outcome = product.infer(file, deadline_minutes=120)

    assert (outcome.state, outcome.tasks["spot"]) == ("success", "success")
    assert (outcome.batch["lane"], outcome.batch["deadline_met"]) == ("spot", True)
    check_stores(product, outcome, {f"d{i}" for i in range(40)})
    (charge,) = product.query(
        "SELECT * FROM charges WHERE x_batch_id = %s", outcome.batch["batch_id"]
    )
    assert (charge["x_capacity"], charge["x_lane"]) == ("spot", "spot")
    price_usd_per_s = 0.7 / 3600
    assert charge["list_cost"] == pytest.approx(charge["x_billable_seconds"] * price_usd_per_s)
    held_s = (charge["charge_period_end"] - charge["charge_period_start"]).total_seconds()
    assert charge["x_billable_seconds"] <= 0.3 * held_s + 1
    assert charge["x_waste_list_cost"] <= charge["list_cost"]
