"""Batches of different models side by side, each with its own labels in both stores."""

from __future__ import annotations

import subprocess
import sys

import pytest

from include.domain.release.catalog import load_catalog
from include.wiring.batches.bootstrap import twolane
from tests.integration.conftest import json_lines, sound
from tests.integration.test_document_inference import check_stores
from tests.support.local_aws import HANGS_AFTER_S, REPOSITORY, clean_environment

OTHER = "ticket-urgency"
BUNDLE = "topic-and-urgency"


@pytest.fixture(scope="module")
def other_model(product_environment: dict[str, str]) -> None:
    """A second model, beside the default one: it answers with checksums, as the first does."""
    release_trivial(OTHER, product_environment)


def release_trivial(name: str, environment: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "include.cli.release", "--trivial", "--model", name],
        check=True,
        cwd=REPOSITORY,
        env={**clean_environment(), **environment},
        timeout=HANGS_AFTER_S,
    )


@pytest.mark.usefixtures("other_model")
def test_each_batch_has_the_labels_of_its_model(product):
    content = json_lines(*sound(5))
    expected = {f"d{i}" for i in range(5)}
    labels = {}
    for asked, name in ((None, "news-topic"), (OTHER, OTHER)):
        outcome = product.infer(product.upload("same.jsonl", content), model_name=asked)
        assert outcome.state == "success"
        assert outcome.batch["model_name"] == name
        check_stores(product, outcome, expected)
        rows = product.query(
            "SELECT DISTINCT model_name, label FROM predictions WHERE batch_id = %s",
            outcome.batch["batch_id"],
        )
        assert {row["model_name"] for row in rows} == {name}
        labels[name] = {row["label"] for row in rows}
        assert labels[name] <= set(load_catalog().model(name).labels)

    assert not labels["news-topic"] & labels[OTHER]


def test_the_further_heads_of_a_bundle_land_in_both_stores(product, product_environment):
    release_trivial(BUNDLE, product_environment)
    uri = product.upload("both.jsonl", json_lines(*sound(18)))
    outcome = product.infer(uri, model_name=BUNDLE)
    assert (outcome.state, outcome.batch["lane"]) == ("success", "processing")
    check_stores(product, outcome, {f"d{i}" for i in range(18)})
    batch_id = outcome.batch["batch_id"]
    items = product.items(batch_id)
    rows = product.query("SELECT document_id, heads FROM predictions WHERE batch_id = %s", batch_id)
    for row in rows:
        said = row["heads"][OTHER]
        assert said["label"] in load_catalog().model(OTHER).labels
        item = items[row["document_id"]]["heads"]["M"][OTHER]["M"]
        assert (item["label"]["S"], float(item["score"]["N"])) == (said["label"], said["score"])
    assert len({row["heads"][OTHER]["label"] for row in rows}) > 1

    proof = twolane().reconcile(batch_id, is_repaired=False)
    assert proof.is_consistent, proof.findings


def test_a_model_that_is_not_registered_is_named(product):
    uri = product.upload("fine.jsonl", json_lines(*sound(1)))
    outcome = product.infer(uri, model_name="weather")
    assert outcome.state == "failed"
    assert outcome.batch is None
