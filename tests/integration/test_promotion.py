"""Promotions and rollbacks on real servers, while a night's batch is under way."""

from __future__ import annotations

import threading
import time
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from typing import Any

import pytest

from include.pipeline.promotion.promote_model import PromotionRequest
from include.wiring.models.model_life import model_life
from tests.integration.conftest import json_lines, sound
from tests.support.faults import injected
from tests.support.mlflow_server import mlflow_call
from tests.support.sagemaker import eventually

MODEL = "promoted"
DOCUMENTS = 30
ROLLBACK_FORM = {"model_name": MODEL, "reason": "labels look wrong"}


def version_tags(uri, name, version):
    query = urllib.parse.urlencode({"name": name, "version": version})
    found = mlflow_call(uri, f"model-versions/get?{query}")["model_version"]
    return {tag["key"]: tag["value"] for tag in found["tags"]}


@pytest.fixture(scope="module", autouse=True)
def three_versions(product, mlflow_uri):
    """Versions that are alike but for their number; 1 was promoted, then 2."""
    published = [
        {"key": key, "value": value}
        for key, value in version_tags(mlflow_uri, "news-topic", "1").items()
    ]
    mlflow_call(mlflow_uri, "registered-models/create", name=MODEL)
    for _ in range(3):
        source = "s3://twolane-mlflow/model"
        mlflow_call(mlflow_uri, "model-versions/create", name=MODEL, source=source, tags=published)
    model_life.cache_clear()
    promote("1")
    promote("2")


def promote(version: str) -> None:
    model_life().promote(PromotionRequest(MODEL, version, "ada", "for the test"), print)


def roll_back() -> None:
    plan = model_life().plan_rollback(MODEL)
    model_life().roll_back(plan, by="ada", reason="for the test")


def aliases(uri):
    found = mlflow_call(uri, f"registered-models/get?name={MODEL}")["registered_model"]
    return {each["alias"]: each["version"] for each in found["aliases"]}


class During(threading.Thread):
    """Does something once a batch of the model has a job that has not ended."""

    def __init__(self, product: Any, action: Any) -> None:
        super().__init__()
        self.product = product
        self.action = action
        self.started_at = self.ended_at = datetime.min.replace(tzinfo=UTC)
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            eventually(self._has_begun, timeout_s=240)
            self.started_at = datetime.now(UTC)
            self.action()
            self.ended_at = datetime.now(UTC)
        except BaseException as exc:  # the test raises it
            self.error = exc

    def _has_begun(self) -> bool:
        running = self.product.query(
            "SELECT batch_id FROM batches WHERE model_name = %s AND state = 'running'", MODEL
        )
        jobs = self.product.aws.client("sagemaker").list_transform_jobs(StatusEquals="InProgress")
        names = [job["TransformJobName"] for job in jobs["TransformJobSummaries"]]
        return any(row["batch_id"] in name for row in running for name in names)


@pytest.mark.parametrize(
    ("action", "pinned", "champion"),
    [(roll_back, "2", "1"), (lambda: promote("2"), "1", "2")],
    ids=["rollback", "promotion"],
)
def test_a_night_under_way_keeps_the_version_it_began_with(
    product, mlflow_uri, action, pinned, champion
):
    key = f"nightly/enterprise-meridian/model={MODEL}/{champion}.jsonl"
    documents = [{"id": f"p{i}", "text": f"night {i} before {champion}"} for i in range(DOCUMENTS)]
    s3 = product.aws.client("s3")
    s3.put_object(Bucket="twolane-inbox", Key=key, Body=json_lines(*documents))
    during = During(product, action)
    with injected(product.aws.sagemaker_url, {"kind": "slow_start", "delay_s": 3}):
        during.start()
        outcome = product.run("nightly_enterprise", {})
    during.join(60)

    assert during.error is None
    print(f"took {(during.ended_at - during.started_at).total_seconds():.2f} s")
    batch = outcome.batch
    assert (outcome.state, batch["state"]) == ("success", "succeeded")
    assert batch["submitted_at"] < during.started_at < during.ended_at < batch["closed_at"]
    rows = product.query("SELECT * FROM predictions WHERE batch_id = %s", batch["batch_id"])
    items = product.items(batch["batch_id"])
    assert len(rows) == len(items) == DOCUMENTS
    assert {row["model_version"] for row in rows} == {pinned}
    assert all(f"{MODEL}@{pinned}#" in item["sk"]["S"] for item in items.values())

    assert aliases(mlflow_uri)["champion"] == champion
    after = product.infer(
        product.upload("after.jsonl", json_lines(*sound(3))),
        model_name=MODEL,
        model_alias="champion",
    )
    assert after.batch["model_version"] == champion


def test_one_click_goes_back_within_a_minute(product, mlflow_uri):
    began = time.monotonic()
    outcome = product.run("rollback_model", ROLLBACK_FORM)
    took_s = time.monotonic() - began

    print(f"rollback_model took {took_s:.2f} s")
    assert outcome.state == "success"
    assert took_s < 60
    assert aliases(mlflow_uri) == {"champion": "1"}
    (row,) = product.query(
        "SELECT * FROM model_promotions WHERE model_name = %s ORDER BY promotion_id DESC LIMIT 1",
        MODEL,
    )
    assert (row["kind"], row["from_version"], row["to_version"]) == ("rolled_back", "2", "1")
    assert row["reason"] == "labels look wrong"
    assert row["decided_by"] == "dag_test"
    tags = version_tags(mlflow_uri, MODEL, "1")
    assert tags["twolane.promotion.kind"] == "rolled_back"
    assert product.run("rollback_model", ROLLBACK_FORM).state == "failed", "nothing to go back to"


def test_a_move_by_hand_that_no_release_has_judged_is_put_back(product, mlflow_uri):
    mlflow_call(mlflow_uri, "registered-models/alias", name=MODEL, alias="champion", version="3")
    assert product.run("watch_promotions", {}).state == "success"

    assert aliases(mlflow_uri)["champion"] == "1"
    refused = version_tags(mlflow_uri, MODEL, "3")["twolane.promotion.refused"]
    assert "no release has judged it" in refused


def test_an_alarm_after_a_promotion_takes_it_back(product, mlflow_uri):
    promote("2")
    cloudwatch = product.aws.client("cloudwatch")

    def watched() -> bool:
        """Once a minute the embedded CloudWatch judges the alarm itself, and takes it back."""
        cloudwatch.set_alarm_state(
            AlarmName=f"twolane-{MODEL}-v2-5xx",
            StateValue="ALARM",
            StateReason="half of them fail",
        )
        assert product.run("watch_promotions", {}).state == "success"
        return aliases(mlflow_uri)["champion"] != "2"

    eventually(watched)
    assert aliases(mlflow_uri)["champion"] == "1"
    tags = version_tags(mlflow_uri, MODEL, "1")
    assert tags["twolane.promotion.by"] == "watch_promotions"
    assert "half of them fail" in tags["twolane.promotion.reason"]


def test_versions_in_use_outlive_retirement(product):
    assert product.run("retire_versions", {}).state == "success"
    endpoints = product.aws.client("sagemaker").list_endpoints(NameContains=MODEL)["Endpoints"]
    names = {each["EndpointName"] for each in endpoints}
    assert {f"twolane-{MODEL}-v1", f"twolane-{MODEL}-v2"} <= names
