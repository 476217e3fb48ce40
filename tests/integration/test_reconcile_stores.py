"""Stores that lost or changed rows are found and repaired, by the command and by the daily DAG."""

import pytest

from include.cli import reconcile
from tests.integration.conftest import json_lines, sound

TABLE = "twolane-predictions"


@pytest.fixture
def batch(product):
    """A closed batch of three shards."""
    uri = product.upload("sound.jsonl", json_lines(*sound(20)))
    outcome = product.infer(uri)
    assert outcome.state == "success"
    return outcome.batch["batch_id"]


def _damage(product, batch_id):
    """Lose an item, change another; lose a row, change another."""
    client = product.aws.client("dynamodb")
    items = product.items(batch_id)
    lost, changed = sorted(items)[0], sorted(items)[-1]
    client.delete_item(TableName=TABLE, Key={k: items[lost][k] for k in ("pk", "sk")})
    client.put_item(TableName=TABLE, Item=items[changed] | {"label": {"S": "Nonsense"}})
    for statement in (
        "DELETE FROM predictions WHERE batch_id = %s AND document_id = %s RETURNING 1",
        "UPDATE predictions SET score = 0 WHERE batch_id = %s AND document_id = %s RETURNING 1",
    ):
        document_id = lost if statement.startswith("UPDATE") else changed
        assert product.query(statement, batch_id, document_id)
    return items


def _rows(product, batch_id):
    text = "SELECT document_id, label, score FROM predictions WHERE batch_id = %s"
    return {
        row["document_id"]: (row["label"], row["score"]) for row in product.query(text, batch_id)
    }


def test_the_command_finds_damage_and_repairs_it_when_asked(product, batch, capsys):
    before = _rows(product, batch)
    items = _damage(product, batch)

    assert reconcile.main(["--batch", batch]) == 1
    assert "NOT CONSISTENT" in capsys.readouterr().out
    assert reconcile.main(["--batch", batch, "--repair"]) == 0
    assert "loaded again: " in capsys.readouterr().out

    assert product.items(batch) == items
    assert _rows(product, batch) == before
    proofs = product.query(
        "SELECT scope, is_consistent FROM reconciliations WHERE batch_id = %s ORDER BY proved_at",
        batch,
    )
    assert [(each["scope"], each["is_consistent"]) for each in proofs] == [
        ("closing", True),
        ("full", False),
        ("full", True),
    ]


def test_the_daily_run_proves_what_closed_and_repairs_it(product, batch):
    items = _damage(product, batch)

    assert product.run("reconcile_stores", {}).state == "success"

    assert product.items(batch) == items


def test_a_batch_that_never_was_cannot_be_proved(product, capsys):
    assert reconcile.main(["--batch", "b-never", "--repair"]) == 1
    assert "cannot be proved" in capsys.readouterr().out
