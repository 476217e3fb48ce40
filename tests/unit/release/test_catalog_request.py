"""What a request leaves open is the catalogue's; what it says stands."""

from __future__ import annotations

import pytest

from include.domain.errors import ReleaseRejected
from include.domain.release.catalog import load_catalog
from include.pipeline.release.catalog_request import complete
from include.pipeline.release.release_records import ReleaseRequest
from tests.support.fakes.objects import FakeObjectStore

CATALOG = load_catalog()


def completed(request: ReleaseRequest, objects: FakeObjectStore) -> ReleaseRequest:
    return complete(request, CATALOG, models_bucket="twolane-models", objects=objects)


def test_a_model_of_the_catalogue_needs_its_name_alone() -> None:
    objects = FakeObjectStore()
    found = completed(ReleaseRequest("news-topic", ""), objects)
    entry = CATALOG.model("news-topic")
    assert found.candidates == entry.candidates
    assert found.labels == entry.labels
    assert found.parameters["max_tokens"] == str(entry.max_tokens)
    assert found.data_uri.endswith("/news.jsonl")
    assert objects.exists(found.data_uri)
    assert completed(ReleaseRequest("news-topic", ""), objects) == found
    assert objects.writes[found.data_uri] == 1


def test_what_the_request_says_stands() -> None:
    objects = FakeObjectStore()
    asked = ReleaseRequest("news-topic", "s3://b/x.csv", ("linear",), {"max_tokens": "32"})
    found = completed(asked, objects)
    assert (found.data_uri, found.candidates) == ("s3://b/x.csv", ("linear",))
    assert found.parameters["max_tokens"] == "32"
    assert not objects.objects


def test_a_bundle_is_made_of_champions_and_never_trained_under_its_name() -> None:
    asked = ReleaseRequest("topic-and-urgency", "s3://b/x.csv")
    with pytest.raises(ReleaseRejected, match="release news-topic, ticket-urgency, then make it"):
        completed(asked, FakeObjectStore())


def test_another_model_needs_data_of_its_own() -> None:
    with pytest.raises(ReleaseRejected, match="needs its labelled data"):
        completed(ReleaseRequest("my-own", ""), FakeObjectStore())
    asked = ReleaseRequest("my-own", "s3://b/x.csv")
    assert completed(asked, FakeObjectStore()) == asked
