"""A run of `keep_ledger`: what is charged beside lanes is booked, and by the next run not again."""

from __future__ import annotations

from tests.integration.conftest import Product, json_lines, sound

BY_THE_BATCH = ("requests", "data", "rows_written", "rows_read")
BOOKED = (
    "SELECT x_kind AS kind, count(*) AS n, sum(list_cost) AS usd, sum(billed_cost) AS billed,"
    " sum(x_waste_list_cost) AS waste, bool_and(x_is_emulated) AS emulated"
    " FROM usage_charges GROUP BY 1"
)


def test_a_run_books_usage_and_what_is_kept_warm_and_the_next_adds_time_alone(
    product: Product,
) -> None:
    outcome = product.infer_express(product.upload("batch.jsonl", json_lines(*sound(4))))
    assert outcome.state == "success", outcome.tasks

    first = product.run("keep_ledger", {})

    assert first.state == "success", first.tasks
    assert {"book_provisioned", "book_release_jobs"} <= set(first.tasks)
    kinds = {each["kind"]: each for each in product.query(BOOKED)}
    assert {*BY_THE_BATCH, "provisioned_concurrency"} <= set(kinds)
    warm = kinds["provisioned_concurrency"]
    assert 0 < warm["waste"] < warm["usd"], "the express batch called; nobody else did"
    assert all(each["emulated"] and each["billed"] == 0 for each in kinds.values())
    (summed,) = product.query("SELECT sum(list_cost_usd)::float AS usd FROM daily_costs")
    (charged,) = product.query("SELECT sum(list_cost)::float AS usd FROM ledger")
    assert abs(summed["usd"] - charged["usd"]) < 1e-6

    assert product.run("keep_ledger", {}).state == "success"

    again = {each["kind"]: each for each in product.query(BOOKED)}
    assert again["provisioned_concurrency"]["usd"] > warm["usd"], "it is kept warm still"
    for kind in BY_THE_BATCH:
        assert again[kind] == kinds[kind], "booked once"
