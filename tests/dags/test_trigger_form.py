"""The form of `document_inference`: what it accepts and refuses before a run exists."""

from __future__ import annotations

import pytest

from tests.support.forms import validated

GOOD = {"batch_uri": "s3://twolane-inbox/news.jsonl.gz", "account": "trial-lumen"}


@pytest.mark.parametrize(
    "conf",
    [
        {},
        {"batch_uri": "s3://my.bucket-1/a/b c.parquet"},
        {"tier": "demo"},
        {"tier": None},
        {"deadline_minutes": 0.5},
        {"deadline_minutes": None},
        {"model_alias": "challenger_2"},
        {"model_name": "ticket-urgency"},
        {"model_name": "one-of-my-own"},
        {"model_name": None},
        {"joined_uris": ["s3://twolane-inbox/more.csv"]},
        {"joined_uris": None},
        {"submission": "order 17"},
        {"submitted_at": "2026-03-01T12:00:00+00:00"},
    ],
)
def test_accepted(document_inference, conf):
    params = validated(document_inference, GOOD | conf)

    assert params | GOOD | conf == params


def test_the_form_says_what_each_model_is_and_is_not_for(document_inference):
    field = document_inference.params.get_param("model_name")
    assert field.description is None, "Airflow would show it instead"
    assert (
        "- `ticket-urgency`: Urgency of a support message (en)." in field.schema["description_md"]
    )
    assert "not who sent it" in field.schema["description_md"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("batch_uri", ""),
        ("batch_uri", None),
        ("batch_uri", "twolane-inbox/news.jsonl"),
        ("batch_uri", "https://example.org/news.jsonl"),
        ("batch_uri", "s3://twolane-inbox"),
        ("batch_uri", "s3://twolane-inbox/"),
        ("batch_uri", "s3://UPPER/news.jsonl"),
        ("account", ""),
        ("account", "two words"),
        ("account", "with#hash"),
        ("tier", "platinum"),
        ("tier", ""),
        ("deadline_minutes", 0),
        ("deadline_minutes", -5),
        ("deadline_minutes", 7 * 24 * 60 + 1),
        ("deadline_minutes", "soon"),
        ("model_alias", ""),
        ("model_name", ""),
        ("model_name", "Two Words"),
        ("model_name", "x" * 33),
        ("model_alias", "a/b"),
        ("joined_uris", ["news.csv"]),
        ("joined_uris", "s3://twolane-inbox/more.csv"),
        ("submission", "x" * 201),
        ("submitted_at", "yesterday"),
    ],
)
def test_refused_by_its_own_field(document_inference, field, value):
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError) as refusal:
        validated(document_inference, GOOD | {field: value})

    assert field in str(refusal.value)


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_what_has_no_default_must_be_given(document_inference, missing):
    from airflow.sdk.exceptions import ParamValidationError

    conf = {name: value for name, value in GOOD.items() if name != missing}

    with pytest.raises(ParamValidationError):
        validated(document_inference, conf)


def test_every_field_is_explained(document_inference):
    for name in document_inference.params:
        schema = document_inference.params.get_param(name)
        assert schema.schema["title"], name
        assert schema.description or schema.schema["description_md"], name
