"""A batch that cannot run ends with one clear message that names it, and nothing half-loaded."""

import gzip

import pytest
from airflow.sdk.exceptions import ParamValidationError

from tests.integration.conftest import json_lines, sound


def everything(product):
    return {
        table: product.query(f"SELECT count(*) AS n FROM {table}")[0]["n"]  # noqa: S608
        for table in ("batches", "predictions", "quarantined_documents", "charges")
    }


def shown(capfd):
    """The task logs, as the UI shows them."""
    return capfd.readouterr().out.splitlines()


CORRUPT = gzip.compress(json_lines(*sound(500)), mtime=0)[:-100]


@pytest.mark.parametrize(
    ("name", "content", "changes", "message"),
    [
        ("missing", None, {}, "missing"),
        ("empty.jsonl", b"", {}, "empty.jsonl"),
        ("blank.jsonl", b"\n\n", {}, "blank.jsonl"),
        ("corrupt.jsonl.gz", CORRUPT, {}, "corrupt.jsonl.gz"),
        ("broken.parquet", b"PAR1 but not really", {}, "broken.parquet"),
        ("headless.csv", b"a,b\n1,2\n", {}, "headless.csv"),
        ("fine.jsonl", json_lines(*sound(1)), {"account": "nobody"}, "nobody"),
        ("fine.jsonl", json_lines(*sound(1)), {"model_alias": "nonesuch"}, "nonesuch"),
        ("fine.jsonl", json_lines(*sound(1)), {"tier": "enterprise"}, "standard-harbor"),
    ],
)
def test_refused_when_pulled(product, capfd, name, content, changes, message):
    uri = "s3://twolane-inbox/tests/missing" if content is None else product.upload(name, content)
    before = everything(product)
    outcome = product.infer(uri, **changes)
    refusals = [line for line in shown(capfd) if "AirflowFailException:" in line]
    assert len(refusals) == 1
    assert uri in refusals[0]
    assert message in refusals[0]
    assert outcome.state == "failed"
    assert outcome.tasks["pull"] == "failed"
    assert outcome.batch is None
    assert everything(product) == before


def test_a_bucket_outside_the_allow_list(product):
    product.aws.client("s3").put_object(
        Bucket="twolane-models", Key="fine.jsonl", Body=json_lines(*sound(1))
    )
    before = everything(product)
    outcome = product.infer("s3://twolane-models/fine.jsonl")
    assert outcome.tasks["pull"] == "failed"
    assert everything(product) == before


def test_a_file_without_a_valid_document_keeps_its_quarantine_and_loads_nothing(product):
    uri = product.upload("hopeless.jsonl", json_lines(b"not json", {"id": "x"}))
    outcome = product.infer(uri)
    assert outcome.state == "failed"
    assert outcome.tasks["validate"] == "failed"
    batch = outcome.batch
    assert batch["state"] == "failed"
    assert batch["batch_id"] in batch["message"]
    assert uri in batch["message"]
    assert (batch["quarantined_count"], batch["prediction_count"]) == (2, 0)
    assert product.items(batch["batch_id"]) == {}


@pytest.mark.parametrize(
    "conf",
    [
        {"batch_uri": "https://example.org/x"},
        {"tier": "platinum"},
        {"deadline_minutes": -1},
        {"model_alias": ""},
    ],
)
def test_the_form_refuses_before_a_task_runs(product, conf):
    values = {"uri": "s3://twolane-inbox/x", **conf}
    uri = values.pop("batch_uri", values.pop("uri"))
    with pytest.raises(ParamValidationError, match=next(iter(conf))):
        product.infer(uri, **values)
