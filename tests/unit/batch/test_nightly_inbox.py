from include.pipeline.batch.nightly_inbox import archive, find_waiting
from tests.support.fakes import FakeObjectStore

INBOX = "s3://twolane-inbox/nightly/"


def test_small_files_of_an_account_are_joined_and_large_ones_stand_alone():
    objects = FakeObjectStore(
        {
            INBOX + "a/1.jsonl": b"x" * 40,
            INBOX + "a/2.jsonl": b"x" * 40,
            INBOX + "a/3.jsonl": b"x" * 200,
            INBOX + "b/1.csv": b"x",
            INBOX + "b/empty": b"",
            INBOX + "stray.jsonl": b"x",
            "s3://twolane-inbox/other/c/1.jsonl": b"x",
        }
    )
    found = find_waiting("twolane-inbox", join_bytes=100, objects=objects)
    assert [(each.account, each.uris) for each in found] == [
        ("a", (INBOX + "a/1.jsonl", INBOX + "a/2.jsonl")),
        ("a", (INBOX + "a/3.jsonl",)),
        ("b", (INBOX + "b/1.csv",)),
    ]


def test_a_folder_names_the_model_and_joins_only_its_own_files():
    objects = FakeObjectStore(
        {
            INBOX + "a/1.jsonl": b"x",
            INBOX + "a/model=ticket-urgency/2.jsonl": b"x",
            INBOX + "a/model=ticket-urgency/3.jsonl": b"x",
            INBOX + "a/model=4.jsonl": b"x",
        }
    )
    found = find_waiting("twolane-inbox", join_bytes=100, objects=objects)
    assert [(each.model_name, [uri.rpartition("/")[2] for uri in each.uris]) for each in found] == [
        (None, ["1.jsonl", "model=4.jsonl"]),
        ("ticket-urgency", ["2.jsonl", "3.jsonl"]),
    ]


def test_the_key_follows_names_and_contents():
    objects = FakeObjectStore({INBOX + "a/1.jsonl": b"one"})
    keys = [find_waiting("twolane-inbox", join_bytes=9, objects=objects)[0].key for _ in "ab"]
    objects.put(INBOX + "a/1.jsonl", b"two")
    changed = find_waiting("twolane-inbox", join_bytes=9, objects=objects)[0].key
    assert keys[0] == keys[1] != changed


def test_archiving_moves_files_and_can_be_done_twice():
    objects = FakeObjectStore({INBOX + "a/1.jsonl": b"one"})
    for _ in range(2):
        archive([INBOX + "a/1.jsonl"], inbox_bucket="twolane-inbox", objects=objects)
    assert list(objects.objects) == ["s3://twolane-inbox/nightly-done/a/1.jsonl"]
    assert find_waiting("twolane-inbox", join_bytes=9, objects=objects) == []
