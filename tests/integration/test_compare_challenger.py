"""A shadow and a canary on the stack: begun and stopped by the form, fed from live batches."""

from __future__ import annotations

import subprocess
import sys
import urllib.parse
import urllib.request

import pytest

from include.wiring.models.model_life import model_life
from tests.integration.conftest import json_lines, sound
from tests.support.local_aws import HANGS_AFTER_S, REPOSITORY, clean_environment
from tests.support.mlflow_server import mlflow_call

MODEL = "compared"
FORM = {
    "action": "start",
    "model_name": MODEL,
    "kind": "shadow",
    "account_share": 1.0,
    "document_share": 1.0,
    "margin": 0.1,
    "level": 0.05,
    "max_documents": 1000,
    "batch_documents": 500,
    "budget_usd": 1.0,
    "days": 1.0,
}


@pytest.fixture(scope="module", autouse=True)
def two_versions(product_environment, mlflow_uri, product):
    """Two versions that answer alike: champion and challenger of a model of their own."""
    for version, alias in (("1", "champion"), ("2", "challenger")):
        command = [
            "include.cli.release",
            "--trivial",
            "--model",
            MODEL,
            "--set",
            f"copy={version}",
        ]
        command += ["--data", "include/sample/news.jsonl"]
        subprocess.run(
            [sys.executable, "-m", *command],
            check=True,
            cwd=REPOSITORY,
            env={**clean_environment(), **product_environment},
            timeout=HANGS_AFTER_S,
        )
        mlflow_call(mlflow_uri, "registered-models/alias", name=MODEL, alias=alias, version=version)
    model_life.cache_clear()


def infer(product, count):
    """A batch that asks for the champion; a small one goes the express path."""
    uri = product.upload("live.jsonl", json_lines(*sound(count)))
    run = product.infer_express if count <= 5 else product.infer
    outcome = run(uri, model_name=MODEL, model_alias="champion")
    assert outcome.state == "success"
    return outcome.batch


def stored(product, batch):
    text = "SELECT * FROM predictions WHERE batch_id = %s ORDER BY document_id"
    return product.items(batch["batch_id"]), product.query(text, batch["batch_id"])


def test_a_shadow_ends_when_it_is_sure_and_leaves_results_alone(product, mlflow_uri):
    assert product.run("compare_challenger", FORM).state == "success"
    batch = infer(product, 90)
    before = stored(product, batch)

    assert product.run("watch_comparisons", {}).state == "success"

    assert batch["model_version"] == "1"
    assert stored(product, batch) == before
    (comparison,) = product.query("SELECT * FROM comparisons WHERE model_name = %s", MODEL)
    assert comparison["finding"] == "equivalent", comparison["reason"]
    (scored,) = product.query("SELECT * FROM comparison_batches")
    assert (scored["batch_id"], scored["scored_count"]) == (batch["batch_id"], 90)
    assert scored["list_cost_usd"] > 0
    answers = product.query("SELECT champion_label, challenger_label FROM comparison_answers")
    assert len(answers) == 90
    assert all(row["champion_label"] == row["challenger_label"] for row in answers)

    query = urllib.parse.urlencode({"name": MODEL, "version": "2"})
    version = mlflow_call(mlflow_uri, f"model-versions/get?{query}")["model_version"]
    tags = {tag["key"]: tag["value"] for tag in version["tags"]}
    assert tags["twolane.comparison.finding"] == "equivalent"
    root = tags["twolane.comparison.evidence"]
    assert root == comparison["evidence_uri"]
    bucket, _, prefix = root.removeprefix("s3://").partition("/")
    listed = product.aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
    names = {each["Key"].removeprefix(prefix) for each in listed["Contents"]}
    assert names == {"report.md", "comparison.json", "verdict.json"}


def test_a_canary_answers_batches_until_it_is_stopped(product):
    assert product.run("compare_challenger", FORM | {"kind": "canary"}).state == "success"
    inside = infer(product, 3)
    items, rows = stored(product, inside)

    assert product.run("compare_challenger", FORM | {"action": "stop"}).state == "success"

    assert inside["model_version"] == "2"
    assert {row["model_version"] for row in rows} == {"2"}
    assert len(items) == len(rows) == 3
    assert all(f"{MODEL}@2#" in item["sk"]["S"] for item in items.values())
    assert infer(product, 3)["model_version"] == "1"
    found = product.query("SELECT reason, evidence_uri FROM comparisons WHERE kind = 'canary'")
    assert found[0]["reason"].startswith("stopped by")
    assert found[0]["evidence_uri"]
