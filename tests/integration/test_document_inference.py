"""Each lane through the real DAG, on servers that really run the jobs."""

import gzip
import io

import pandas as pd
import pytest

from tests.integration.conftest import json_lines, sound


def check_stores(product, outcome, expected_ids):
    rows = product.query(
        "SELECT document_id, label, score FROM predictions WHERE batch_id = %s",
        outcome.batch["batch_id"],
    )
    items = product.items(outcome.batch["batch_id"])
    assert {row["document_id"] for row in rows} == set(items) == expected_ids
    for row in rows:
        item = items[row["document_id"]]
        assert item["label"]["S"] == row["label"]
        assert float(item["score"]["N"]) == pytest.approx(row["score"], abs=1e-6)


@pytest.mark.parametrize(
    ("count", "lane"), [(3, "serverless"), (18, "processing"), (30, "transform")]
)
def test_a_batch_takes_its_lane_and_lands_in_both_stores(product, count, lane):
    outcome = product.infer(product.upload("news.jsonl", json_lines(*sound(count))))
    assert outcome.state == "success"
    lanes = {name: outcome.tasks[name] for name in ("serverless", "processing", "transform")}
    assert lanes.pop(lane) == "success"
    assert set(lanes.values()) == {"skipped"}
    assert outcome.batch["lane"] == lane
    assert lane in outcome.batch["placement_reason"]
    assert outcome.batch["state"] == "succeeded"
    assert outcome.batch["is_emulated"]
    assert outcome.batch["billed_cost_usd"] == 0
    check_stores(product, outcome, {f"d{i}" for i in range(count)})
    (seen,) = product.query(
        "SELECT * FROM lane_observations JOIN lane_curves USING (lane, instance_type, model_name) "
        "WHERE observation_id = %s",
        f"{outcome.batch['batch_id']}/{lane}",
    )
    assert (seen["documents"], seen["is_failed"]) == (count, False)
    assert 0 < seen["billed_s"] <= seen["latency_s"]
    assert seen["curve"]["observations"] >= 1


def test_poison_documents_go_to_quarantine_and_the_rest_goes_on(product):
    content = json_lines(
        *sound(10),
        {"text": "no id"},
        {"id": "d1", "text": "twice"},
        {"id": "blank", "text": "  "},
        {"id": "textless"},
        b"\xff\xfe not utf-8",
        b"not json",
        [1, 2],
        {"id": "long", "text": "x" * 100_001},
    )
    outcome = product.infer(product.upload("mixed.jsonl", content))
    assert outcome.state == "success"
    quarantined = product.query(
        'SELECT "row", reason, detail FROM quarantined_documents'
        ' WHERE batch_id = %s ORDER BY "row"',
        outcome.batch["batch_id"],
    )
    assert [each["reason"] for each in quarantined] == [
        "missing_id",
        "duplicate_id",
        "empty_text",
        "missing_text",
        "not_utf8",
        "not_json",
        "not_an_object",
        "too_long",
    ]
    assert [each["row"] for each in quarantined] == list(range(10, 18))
    assert all(each["detail"] for each in quarantined)
    assert outcome.batch["document_count"] == 18
    check_stores(product, outcome, {f"d{i}" for i in range(10)})


def as_parquet(frame):
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("news.jsonl.gz", gzip.compress(json_lines(*sound(4)), mtime=0)),
        ("news.csv", pd.DataFrame(sound(4)).to_csv(index=False).encode()),
        (
            "news.csv.gz",
            gzip.compress(pd.DataFrame(sound(4)).to_csv(index=False).encode(), mtime=0),
        ),
        ("news.parquet", as_parquet(pd.DataFrame(sound(4)))),
    ],
)
def test_every_file_format(product, name, content):
    outcome = product.infer(product.upload(name, content))
    assert outcome.state == "success"
    check_stores(product, outcome, {f"d{i}" for i in range(4)})


def test_a_submission_repeated_under_its_key_changes_nothing(product):
    uri = product.upload("news.jsonl", json_lines(*sound(18)))
    first = product.infer(uri, submission="the-same-key")
    second = product.infer(uri, submission="the-same-key")
    assert (first.state, second.state) == ("success", "success")
    assert first.batch["batch_id"] == second.batch["batch_id"]
    jobs = product.aws.client("sagemaker").list_processing_jobs(
        NameContains=first.batch["batch_id"]
    )
    assert len(jobs["ProcessingJobSummaries"]) == 1
    check_stores(product, second, {f"d{i}" for i in range(18)})
    charges = product.query(
        "SELECT count(*) AS count FROM charges WHERE x_batch_id = %s", first.batch["batch_id"]
    )
    assert charges[0]["count"] == 1


def test_the_quality_report_can_be_read(product):
    outcome = product.infer(product.upload("news.jsonl", json_lines(*sound(2), b"not json")))
    bucket, key = outcome.batch["quality_uri"].removeprefix("s3://").split("/", 1)
    page = product.aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert outcome.batch["batch_id"] in page
    assert "<html" in page
