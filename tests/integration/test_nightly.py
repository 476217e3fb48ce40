"""The nightly run: joins an account's files, runs each batch, archives what is done."""

from tests.integration.conftest import json_lines, sound


def inbox(product):
    listed = product.aws.client("s3").list_objects_v2(Bucket="twolane-inbox", Prefix="nightly")
    return {each["Key"] for each in listed.get("Contents", ())}


def test_waiting_files_are_joined_run_and_archived(product):
    s3 = product.aws.client("s3")
    for name, first in (("a", 0), ("b", 10)):
        documents = [{"id": f"n{first + i}", "text": f"nightly {first + i}"} for i in range(10)]
        key = f"nightly/enterprise-meridian/{name}.jsonl"
        s3.put_object(Bucket="twolane-inbox", Key=key, Body=json_lines(*documents))
    s3.put_object(Bucket="twolane-inbox", Key="nightly/nobody/x.jsonl", Body=json_lines(*sound(1)))
    outcome = product.run("nightly_enterprise", {})
    assert outcome.batch["account_id"] == "enterprise-meridian"
    assert outcome.batch["state"] == "succeeded"
    assert outcome.batch["prediction_count"] == 20
    assert len(product.items(outcome.batch["batch_id"])) == 20
    assert inbox(product) == {
        "nightly-done/enterprise-meridian/a.jsonl",
        "nightly-done/enterprise-meridian/b.jsonl",
        "nightly/nobody/x.jsonl",
    }
    assert outcome.state == "failed", "an unknown account's file must not pass in silence"
    s3.delete_object(Bucket="twolane-inbox", Key="nightly/nobody/x.jsonl")


def test_an_empty_inbox_is_a_quiet_night(product):
    assert product.run("nightly_enterprise", {}).state == "success"
