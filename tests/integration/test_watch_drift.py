"""From batches and labels to the night's page, and to a release: on servers that really answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.conftest import Product, forget_settings, json_lines

ACCOUNT = "standard-harbor"


@pytest.fixture
def watched(product: Product, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    """One day is reference enough; what other tests have sent counts to an earlier one."""
    from include.wiring.models.model_life import model_life

    for name, value in (("REFERENCE_DAYS", "1"), ("REFERENCE_DOCUMENTS", "100")):
        monkeypatch.setenv(f"TWOLANE_DRIFT_{name}", value)
    monkeypatch.setenv("TWOLANE_DRIFT_MIN_LABELS", "5")
    forget_settings()
    model_life.cache_clear()
    product.query("UPDATE batches SET closed_at = closed_at - interval '30 days' RETURNING 1")
    yield product
    forget_settings()
    model_life.cache_clear()


def send(product: Product, name: str, count: int, text: str) -> dict[str, Any]:
    documents = [{"id": f"{name}{n}", "text": f"{text} {n}" * (1 + n % 3)} for n in range(count)]
    outcome = product.infer(product.upload(f"{name}.jsonl", json_lines(*documents)), ACCOUNT)
    assert outcome.state == "success"
    assert outcome.batch is not None
    return outcome.batch


def test_a_shift_is_reported_and_asks_for_a_release_with_the_labels_that_came(
    watched: Product,
) -> None:
    s3 = watched.aws.client("s3")
    send(watched, "calm", 100, "the minister spoke of the treaty")
    assert watched.run("watch_drift", {}).state == "success"
    profiles = watched.query("SELECT documents, night FROM drift_profiles")
    assert [each["documents"] for each in profiles] == [100]
    assert watched.query("SELECT * FROM drift_findings") == [], "no training data, no earlier days"
    watched.query("UPDATE drift_profiles SET night = night - 1 RETURNING 1")

    batch = send(watched, "odd", 60, "kernel panic while mounting the file system of the server")
    answered = watched.query(
        "SELECT document_id, label FROM predictions WHERE batch_id = %s ORDER BY 1 LIMIT 6",
        batch["batch_id"],
    )
    rows = [f"{each['document_id']},{each['label']}" for each in answered]
    text = "\n".join(["document_id,label", *rows, "nowhere,World"]) + "\n"
    key = f"feedback/{ACCOUNT}/labels.csv"
    s3.put_object(Bucket="twolane-inbox", Key=key, Body=text.encode())
    outcome = watched.run("watch_drift", {})

    assert outcome.tasks["start_release"] == "success"
    kept = watched.query("SELECT * FROM feedback WHERE source = %s", f"s3://twolane-inbox/{key}")
    assert [each["batch_id"] for each in kept] == [batch["batch_id"]] * 6
    (refused,) = watched.query("SELECT reason FROM feedback_quarantine")
    assert refused["reason"] == "unknown_document"
    findings = watched.query("SELECT * FROM drift_findings ORDER BY effect DESC")
    assert {each["account_id"] for each in findings} == {ACCOUNT}
    assert {each["feature"] for each in findings if each["level"] == "major"} >= {"vocabulary"}
    night = datetime.now(UTC).date()
    assert findings[0]["night"] in {night, night - timedelta(days=1)}
    path = findings[0]["report_uri"].removeprefix("s3://twolane-work/")
    page = s3.get_object(Bucket="twolane-work", Key=path)["Body"].read().decode()
    assert f"{ACCOUNT} · news-topic@1" in page

    (release,) = watched.query("SELECT * FROM drift_releases")
    asked = watched.conf_of("release_model", release["run_id"])
    assert asked["data_uri"] == release["data_uri"]
    assert asked["model_name"] == "news-topic"
    assert "6 documents that the accounts labelled are added" in asked["reason"]
    data = release["data_uri"].removeprefix("s3://twolane-inbox/")
    lines = s3.get_object(Bucket="twolane-inbox", Key=data)["Body"].read().decode().splitlines()
    assert sum(f"{ACCOUNT}/odd" in line for line in lines) == 6

    assert watched.run("load_feedback", {}).state == "success"
    assert watched.run("watch_drift", {}).state == "success", "a night may be watched again"
    assert len(watched.query("SELECT * FROM drift_releases")) == 1
