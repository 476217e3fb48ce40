import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.accounts import Tier
from include.domain.errors import (
    BucketNotAllowed,
    EmptyBatch,
    ObjectMissing,
    TierNotAllowed,
    UnknownAccount,
    UnknownModelAlias,
)
from include.domain.model_ref import ModelRef
from include.pipeline.batch.pull_batch import check_bucket
from tests.support.batches import URI, World, documents


@given(count=st.integers(1, 60), shard_documents=st.integers(1, 20))
def test_shards_hold_every_row_once_and_in_order(count, shard_documents):
    world = World(shard_documents=shard_documents)
    manifest = world.pull(documents(count))
    rows = [
        json.loads(line)
        for shard in manifest.shards
        for line in world.objects.objects[shard.uri].splitlines()
    ]
    assert [row["row"] for row in rows] == list(range(count))
    assert [row["id"] for row in rows] == [f"d{i}" for i in range(count)]
    assert manifest.document_count == count
    assert max(shard.document_count for shard in manifest.shards) <= shard_documents


def test_shards_are_cut_by_the_length_of_their_texts_too():
    world = World(shard_documents=100)
    text = "word " * 4_000
    content = b"".join(json.dumps({"id": str(i), "text": text}).encode() + b"\n" for i in range(6))
    shards = world.pull(content).shards
    assert [shard.document_count for shard in shards] == [3, 3]
    assert [shard.token_estimate for shard in shards] == [3 * 256, 3 * 256], "as far as it reads"


@given(
    words=st.lists(st.integers(1, 300), min_size=1, max_size=60), shard_tokens=st.integers(2, 500)
)
def test_shards_are_nearly_equal_in_tokens_whatever_the_documents(words, shard_tokens):
    world = World(shard_documents=1_000, shard_tokens=shard_tokens)
    lines = [json.dumps({"id": str(i), "text": "word " * n}) for i, n in enumerate(words)]
    shards = world.pull("".join(line + "\n" for line in lines).encode()).shards
    assert sum(shard.document_count for shard in shards) == len(words)
    for shard in shards[:-1]:
        assert shard_tokens <= shard.token_estimate < shard_tokens + 256


def test_pulling_again_is_the_same_batch_and_writes_nothing():
    world = World()
    first = world.pull(documents(9))
    writes = dict(world.objects.writes)
    assert world.pull() == first
    assert world.objects.writes == writes
    assert len(world.read_store.batches) == 1


def test_a_retry_after_a_promotion_finds_its_batch_and_the_version_it_pinned():
    world = World()
    first = world.pull(documents(1))
    world.registry.add("champion", ModelRef("news-topic", "2", "e" * 64))
    assert world.pull() == first


def test_another_run_after_a_promotion_is_another_batch_since_its_model_is():
    world = World()
    first = world.pull(documents(1))
    world.registry.add("champion", ModelRef("news-topic", "2", "e" * 64))
    again = world.pull(run_id="run-2")
    assert again.batch_id != first.batch_id
    assert again.model.version == "2"


def test_joined_files_are_one_batch():
    world = World()
    other = "s3://twolane-inbox/more.jsonl"
    world.objects.put(URI, documents(3))
    world.objects.put(other, documents(2, prefix="e"))
    manifest = world.pull(batch_uris=(URI, other))
    assert manifest.document_count == 5


def test_the_deadline_is_the_tiers_unless_the_submission_has_one():
    world = World()
    by_tier = world.pull(documents(1))
    own = world.pull(deadline_s=30.0, key="other")
    assert (by_tier.deadline_at - by_tier.submitted_at).total_seconds() == 600
    assert (own.deadline_at - own.submitted_at).total_seconds() == 30


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"batch_uris": ("s3://twolane-inbox/none",)}, ObjectMissing, "twolane-inbox/none"),
        ({"batch_uris": ("s3://elsewhere/x",)}, BucketNotAllowed, "elsewhere"),
        ({"account": "nobody"}, UnknownAccount, "nobody"),
        ({"requested_tier": Tier.ENTERPRISE}, TierNotAllowed, "standard-harbor"),
        ({"model_alias": "nonesuch"}, UnknownModelAlias, "nonesuch"),
    ],
)
def test_a_bad_submission_is_refused_and_leaves_nothing(changes, error, message):
    world = World()
    world.objects.put(URI, documents(1))
    before = set(world.objects.objects)
    with pytest.raises(error, match=message) as refusal:
        world.pull(**changes)
    assert changes.get("batch_uris", (URI,))[0] in str(refusal.value)
    assert set(world.objects.objects) == before
    assert not world.read_store.batches


def test_an_empty_file_is_refused():
    world = World()
    with pytest.raises(EmptyBatch, match=URI):
        world.pull(b"\n\n")
    assert not world.read_store.batches


@pytest.mark.parametrize(
    "uri",
    [
        "https://twolane-inbox/x",
        "s3://twolane-inbox",
        "s3://twolane-inbox/",
        "s3:///x",
        "/etc/passwd",
        "",
        "s3://twolane-inbox.evil/x",
        "s3://TWOLANE-INBOX/x",
    ],
)
def test_only_objects_of_allowed_buckets(uri):
    with pytest.raises(BucketNotAllowed):
        check_bucket(uri, frozenset({"twolane-inbox"}))
