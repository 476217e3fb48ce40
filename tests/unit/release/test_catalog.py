"""The catalogue says what it holds, or what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.domain.release.catalog import CatalogError, load_catalog, parse_catalog

TOPIC = """
[models.topic]
title = "Topic"
labels = ["a", "b"]
languages = ["en"]
max_tokens = 64
limits = "None."
data = "a.jsonl"
candidates = ["frozen"]
"""
OTHER = TOPIC.replace("models.topic", "models.other")
BUNDLE = '[bundles.both]\ntitle = "Both"\nheads = ["topic", "other"]\n'


def test_ours_can_be_read() -> None:
    catalog = load_catalog()
    assert len(catalog.models) >= 3
    assert catalog.names == (*catalog.models, *catalog.bundles)
    assert catalog.model("news-topic").labels == ("Business", "Sci/Tech", "Sports", "World")


def test_a_bundle_names_its_heads() -> None:
    bundle = parse_catalog(TOPIC + OTHER + BUNDLE).bundles["both"]
    assert bundle.heads == ("topic", "other")


def test_what_people_should_know_of_a_bundle_is_of_all_its_heads() -> None:
    other = OTHER.replace('["en"]', '["de", "en"]').replace("None.", "Long texts.")
    catalog = parse_catalog(TOPIC + other + BUNDLE)
    both = catalog.about("both")
    assert both
    assert both.sentence == "Both (en). topic: None. other: Long texts."
    topic = catalog.about("topic")
    assert topic
    assert topic.sentence == "Topic (en). None."
    assert catalog.about("mine") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("models = 3", "models: is no table"),
        ('bundles = ["both"]', "bundles: is no table"),
        (TOPIC + "[extra]\n", "unknown table.* extra"),
        (TOPIC + "speed = 3\n", "topic: unknown field.* speed"),
        (TOPIC.replace("models.topic", 'models."Two Words"'), "Two Words: is no name"),
        (TOPIC.replace("64", "1024"), "topic: max_tokens"),
        (TOPIC.replace("64", '"64"'), "topic: max_tokens: a whole number"),
        (TOPIC.replace('["a", "b"]', '["b", "a"]'), "topic: labels: not sorted"),
        (TOPIC.replace('["a", "b"]', '["a"]'), "topic: labels: at least two"),
        (TOPIC.replace('["a", "b"]', "[1, 2]"), "topic: labels: a list of texts"),
        (TOPIC.replace('["frozen"]', '["oracle"]'), "topic: candidates"),
        (TOPIC.replace('title = "Topic"', ""), "topic: title: a text is needed"),
        (TOPIC + BUNDLE, r"both: heads: no such model\(s\) other"),
        (TOPIC + OTHER.replace("64", "32") + BUNDLE, "both: heads: they read the same"),
        (TOPIC + OTHER + BUNDLE.replace("bundles.both", "bundles.topic"), "is a model already"),
    ],
)
def test_what_is_wrong_is_named(text: str, problem: str) -> None:
    with pytest.raises(CatalogError, match=problem):
        parse_catalog(text)


def test_a_file_that_is_not_there_or_not_toml(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"catalog\.toml"):
        load_catalog(tmp_path / "catalog.toml")
    (tmp_path / "catalog.toml").write_text("models = ")
    with pytest.raises(CatalogError, match=r"catalog\.toml"):
        load_catalog(tmp_path / "catalog.toml")


def test_a_model_that_it_does_not_have() -> None:
    with pytest.raises(CatalogError, match="'weather' is not in catalog"):
        load_catalog().model("weather")
