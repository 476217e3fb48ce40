"""Objects in memory, written behind: order, failures, and what is asked for."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from include.domain.errors import ObjectMissing, StoreError
from include.pipeline.batch_objects.batch_layout import batch_root
from include.pipeline.batch_objects.near_objects import NearObjects
from tests.support.fakes import FakeObjectStore

ROOT = "s3://kept/batches/b-1/"


class Behind(FakeObjectStore):
    """A store that can be made to wait or to fail, and counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.failing = ""
        self.listings = 0
        self.looks = 0

    def write_text(self, uri, text, content_type="application/json"):
        assert self.gate.wait(10)
        if self.failing and uri.endswith(self.failing):
            raise StoreError(f"{uri}: refused")
        super().write_text(uri, text, content_type)

    def list_objects(self, prefix_uri):
        self.listings += 1
        return super().list_objects(prefix_uri)

    def exists(self, uri):
        self.looks += 1
        return super().exists(uri)


@pytest.fixture
def behind():
    return Behind()


def near(behind, **changes):
    return NearObjects(behind, owned_prefix=partial(batch_root, "kept"), **changes)


def write(behind, names, error=None):
    with near(behind) as store:
        for name in names:
            store.write_text(ROOT + name, name)
        if error:
            raise error


def test_what_was_written_is_read_before_it_stands(behind, tmp_path):
    with near(behind) as store:
        behind.gate.clear()
        store.write_text(ROOT + "a.json", "content")
        store.download(ROOT + "a.json", tmp_path / "a")
        with store.open(ROOT + "a.json") as stream:
            assert stream.read() == b"content"
        assert store.read_text(ROOT + "a.json") == "content"
        assert store.exists(ROOT + "a.json")
        assert (tmp_path / "a").read_text() == "content"
        assert behind.objects == {}
        behind.gate.set()
    assert behind.objects == {ROOT + "a.json": b"content"}


def test_nothing_stands_behind_a_write_that_failed(behind):
    behind.failing = "b"
    with pytest.raises(StoreError, match="refused"):
        write(behind, "abc")
    assert behind.objects == {ROOT + "a": b"a"}


def test_the_first_error_is_the_one_that_is_told(behind):
    behind.failing = "a"
    with pytest.raises(ValueError, match="of the step"):
        write(behind, "a", error=ValueError("of the step"))


def test_an_error_of_a_step_leaves_what_was_written_before(behind):
    with pytest.raises(ValueError, match="of the step"):
        write(behind, "a", error=ValueError("of the step"))
    assert behind.objects == {ROOT + "a": b"a"}


def test_what_exists_below_a_batch_is_asked_for_once(behind):
    behind.put(ROOT + "there", "x")
    with near(behind) as store:
        found = [store.exists(ROOT + name) for name in ("there", "not", "neither")]
        assert not store.exists("s3://inbox/elsewhere")
    assert found == [True, False, False]
    assert (behind.listings, behind.looks) == (1, 1)


@pytest.mark.parametrize("content", [b"x" * 11, b"\xff"], ids=["large", "no text"])
def test_what_is_not_kept_is_uploaded_at_once_behind_what_waits(behind, tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with near(behind, max_bytes=10) as store:
        assert not store.exists(ROOT + "file")
        store.write_text(ROOT + "a", "a")
        store.upload(tmp_path / "file", ROOT + "file")
        assert behind.objects == {ROOT + "a": b"a", ROOT + "file": content}
        assert store.exists(ROOT + "file")


def test_no_more_than_so_much_is_kept_however_many_objects_there_are(behind):
    with near(behind, max_bytes=10, max_kept_bytes=25) as store:
        for number in range(100):
            store.write_text(f"{ROOT}{number:03}", f"{number:010}")
        assert sum(store.exists(f"{ROOT}{number:03}") for number in range(101)) == 100
        assert len(behind.objects) == 100, "what was not kept waited for what had been written"
        behind.objects.clear()
        assert store.read_text(f"{ROOT}001") == f"{1:010}"
        with pytest.raises(ObjectMissing):
            store.read_text(f"{ROOT}002")


def test_room_is_made_by_what_replaces_or_leaves(behind):
    with near(behind, max_bytes=10, max_kept_bytes=10) as store:
        store.write_text(ROOT + "a", "a" * 9)
        store.write_text(ROOT + "a", "b" * 9)
        store.write_text(ROOT + "b", "c" * 9)
        assert store.read_text(ROOT + "b") == "c" * 9
        store.move(ROOT + "a", ROOT + "c")
        store.write_text(ROOT + "b", "d" * 9)
        store.flush()
        behind.objects.clear()
        assert store.read_text(ROOT + "b") == "d" * 9


@pytest.mark.parametrize(
    ("uri", "root"),
    [
        (ROOT + "input/0", ROOT),
        ("s3://kept/batches/b-1", None),
        ("s3://kept/other/b-1/x", None),
        ("s3://inbox/batches/b-1/x", None),
    ],
)
def test_the_batch_an_object_belongs_to(uri, root):
    assert batch_root("kept", uri) == root
