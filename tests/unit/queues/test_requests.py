"""What messages ask for: read, checked, and named by their content."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.errors import PoisonMessage
from include.domain.queues.messages import content_key, read_message, split_message
from include.domain.queues.requests import QueueRequest, run_id_of

GOOD = {"batch_uri": "s3://twolane-inbox/a.jsonl", "account": "trial-lumen"}


def record(key: str = "bulk/trial-lumen/a.jsonl", **changes: object) -> dict[str, object]:
    entry = {"key": key, "size": 10, "eTag": "e1", "versionId": "v1"} | changes
    return {
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "twolane-inbox"}, "object": entry},
    }


def event(*records: object) -> str:
    return json.dumps({"Records": list(records)})


def only(body: str) -> QueueRequest:
    (request,) = read_message(body)
    return request


def test_an_upload_names_its_account_and_its_object() -> None:
    request = only(event(record("express/trial-lumen/d%C3%A9j%C3%A0+vu/a%2Bb.csv")))

    assert request.batch_uri == "s3://twolane-inbox/express/trial-lumen/déjà vu/a+b.csv"
    assert request.account == "trial-lumen"
    assert (request.tier, request.deadline_minutes, request.model_alias) == (None, None, "champion")


def test_the_same_version_is_the_same_request_and_another_is_not() -> None:
    first = only(event(record()))

    assert only(event(record(sequencer="later"))).key == first.key
    assert only(event(record(versionId="v2"))).key != first.key
    assert only(event(record(eTag="e2"))).key != first.key
    assert only(event(record("bulk/trial-lumen/b.jsonl"))).key != first.key


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "twolane-inbox"}),
        event(record("bulk/trial-lumen/folder/", size=0)),
    ],
)
def test_what_asks_for_nothing(body: str) -> None:
    assert read_message(body) == ()


def test_several_records_become_one_message_each() -> None:
    body = event(record(), record("bulk/trial-lumen/b.jsonl"))

    parts = split_message(body)

    assert [only(part) for part in parts] == list(read_message(body))


def test_our_own_format_takes_the_fields_of_the_form() -> None:
    request = only(
        json.dumps(
            GOOD
            | {
                "tier": "demo",
                "deadline_minutes": 5,
                "model_alias": "challenger",
                "model_name": "ticket-urgency",
                "joined_uris": ["s3://twolane-inbox/b.jsonl"],
                "submission": "order 17",
            }
        )
    )

    assert request.conf(submitted_at="2026-03-01T12:00:00+00:00") == GOOD | {
        "tier": "demo",
        "deadline_minutes": 5,
        "model_alias": "challenger",
        "model_name": "ticket-urgency",
        "joined_uris": ["s3://twolane-inbox/b.jsonl"],
        "submission": "order 17",
        "submitted_at": "2026-03-01T12:00:00+00:00",
    }


def test_without_a_submission_the_content_is_the_key() -> None:
    reordered = dict(reversed(GOOD.items()))

    assert only(json.dumps(GOOD)) == only(json.dumps(reordered | {"tier": None}))
    assert only(json.dumps(GOOD)).key != only(json.dumps(GOOD | {"tier": "demo"})).key


def test_a_submission_names_the_request_within_its_account() -> None:
    keys = {
        only(json.dumps(GOOD | {"submission": "a"})).key,
        only(json.dumps(GOOD | {"submission": "a", "tier": "demo"})).key,
        only(json.dumps(GOOD | {"submission": "a", "account": "other"})).key,
        only(json.dumps(GOOD | {"submission": "b"})).key,
    }

    assert len(keys) == 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "not a JSON object"),
        ("7", "not a JSON object"),
        ("{}", "batch_uri"),
        (json.dumps(GOOD | {"shards": 3, "lane": "spot"}), r"unknown field\(s\) lane, shards"),
        (json.dumps(GOOD | {"account": "No Body"}), "account"),
        (json.dumps(GOOD | {"account": 7}), "account"),
        (json.dumps(GOOD | {"model_name": "a/b"}), "model_name"),
        (json.dumps(GOOD | {"account": "a\n"}), "account"),
        (json.dumps(GOOD | {"batch_uri": "https://example.org/a"}), "batch_uri"),
        (json.dumps(GOOD | {"batch_uri": "s3://twolane-inbox/\ud800"}), "URI"),
        (json.dumps(GOOD | {"tier": "platinum"}), "tier"),
        (json.dumps(GOOD | {"deadline_minutes": 0}), "deadline_minutes"),
        (json.dumps(GOOD | {"deadline_minutes": True}), "deadline_minutes"),
        ('{"deadline_minutes": NaN}', "batch_uri"),
        (json.dumps(GOOD)[:-1] + ', "deadline_minutes": NaN}', "deadline_minutes"),
        (json.dumps(GOOD | {"model_alias": "../x"}), "model_alias"),
        (json.dumps(GOOD | {"submission": ""}), "submission"),
        (json.dumps(GOOD | {"submission": "x" * 201}), "submission"),
        (json.dumps(GOOD | {"submission": "a\0b"}), "submission"),
        (json.dumps(GOOD | {"joined_uris": "s3://a/b"}), "joined_uris"),
        (json.dumps(GOOD | {"joined_uris": ["nowhere"]}), "joined_uris"),
        ('{"Records": []}', "without records"),
        ('{"Records": 7}', "without records"),
        ('{"Records": [7]}', "not a record of S3"),
        ('{"Records": [{"eventName": "ObjectCreated:Put"}]}', "not a record of S3"),
        (event(record("bulk/a%FF")), "not a record of S3"),
        (event(record() | {"eventName": "ObjectRemoved:Delete"}), "ObjectRemoved"),
        (event(record("elsewhere/trial-lumen/a")), "does not lie under express/<account>/"),
        (event(record("bulk/a.jsonl")), "does not lie under"),
        (event(record("bulk/No Body/a.jsonl")), "account"),
    ],
)
def test_poison_says_what_is_wrong(body: str, reason: str) -> None:
    with pytest.raises(PoisonMessage, match=reason):
        read_message(body)


@given(st.text() | st.dictionaries(st.text(), st.text() | st.integers()).map(json.dumps))
def test_any_body_is_read_or_refused(body: str) -> None:
    try:
        requests = read_message(body)
    except PoisonMessage:
        requests = ()
    assert isinstance(requests, tuple)
    assert content_key(body) == content_key(body)


def test_the_uploader_may_say_more_in_metadata() -> None:
    request = only(event(record()))

    said = request.with_metadata(
        {"twolane-tier": "demo", "twolane-deadline-minutes": "7.5", "mtime": "1"}
    )

    assert (said.tier, said.deadline_minutes) == ("demo", 7.5)
    assert said.key == request.key
    assert request.with_metadata({"mtime": "1"}) is request


@pytest.mark.parametrize(
    "metadata",
    [
        {"twolane-lane": "spot"},
        {"twolane-tier": "platinum"},
        {"twolane-deadline-minutes": "soon"},
        {"twolane-deadline-minutes": "inf"},
    ],
)
def test_metadata_that_is_wrong_is_poison(metadata: dict[str, str]) -> None:
    with pytest.raises(PoisonMessage):
        only(event(record())).with_metadata(metadata)


def test_the_runs_of_a_request_have_ids_of_their_own() -> None:
    assert [run_id_of("s3-1", run) for run in (1, 2, 3)] == [
        "queue-s3-1",
        "queue-s3-1-2",
        "queue-s3-1-3",
    ]
