"""Lanes are calibrated by the DAG, and the simulator is held against what the ledger has."""

from __future__ import annotations

import pytest

from include.cli import what_if
from tests.integration.conftest import Product, json_lines, sound

FORM = {
    "lanes": ["serverless", "processing"],
    "model_name": "news-topic",
    "documents": [2, 12],
    "document_tokens": [16],
    "max_usd": 1.0,
    "max_minutes": 10,
}


def test_the_dag_probes_each_lane_and_leaves_curves_and_charges(product: Product) -> None:
    batches = product.query("SELECT count(*) AS n FROM batches")

    outcome = product.run("calibrate_lanes", FORM)

    assert outcome.state == "success", outcome.tasks
    seen = product.query(
        "SELECT lane, documents, is_failed FROM lane_observations WHERE observation_id LIKE 'c-%%'"
        " ORDER BY lane, documents"
    )
    assert [(each["lane"], each["documents"]) for each in seen] == [
        ("processing", 2),
        ("processing", 12),
        ("serverless", 2),
    ], "the serverless lane admits five documents"
    assert not any(each["is_failed"] for each in seen)
    (booked,) = product.query(
        "SELECT count(*) AS n, sum(list_cost) AS usd, sum(x_waste_list_cost) AS waste,"
        " bool_and(x_is_emulated) AS emulated FROM usage_charges WHERE x_kind = 'calibration'"
    )
    assert (booked["n"], booked["emulated"]) == (3, True)
    assert booked["usd"] == booked["waste"] > 0
    assert product.query("SELECT count(*) AS n FROM batches") == batches


def test_the_backtest_sets_predictions_beside_what_the_ledger_has(
    product: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    assert product.infer(product.upload("batch.jsonl", json_lines(*sound(12)))).state == "success"

    for by in ([], ["--learned", "news-topic"]):
        capsys.readouterr()
        assert what_if.main(["backtest", *by]) == 0
        lines = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
        rows = lines[: [line[0] for line in lines].index("all") + 1]
        assert {row[0] for row in rows} >= {"processing", "all"}
        (total,) = (row for row in rows if row[0] == "all")
        assert float(total[2]) > 0 < float(total[3])
        assert int(total[1]) == sum(int(row[1]) for row in rows if row[0] != "all")
