import json

import pytest

from stack.demo_documents import documents, poisoned_lines, read_parts
from stack.errors import StackError


@pytest.fixture(scope="module")
def parts():
    return read_parts()


def test_the_same_seed_gives_the_same_documents_and_another_others(parts):
    first = list(documents(50, 7, parts))
    assert first == list(documents(50, 7, parts))
    other = {each["text"] for each in documents(50, 8, parts)}
    assert not other & {each["text"] for each in first}


def test_twenty_thousand_documents_are_distinct(parts):
    made = list(documents(20_000, 14, parts))
    assert len({each["id"] for each in made}) == len({each["text"] for each in made}) == 20_000
    assert all(each["text"].strip() for each in made)


def test_more_than_there_are_is_refused(parts):
    with pytest.raises(StackError, match="distinct documents"):
        next(documents(10**9, 1, parts))


def test_poison_spoils_exactly_as_many_rows_and_loses_no_sound_document(parts):
    count, poison = 600, 12
    lines = list(poisoned_lines(documents(count, 3, parts), count, poison, 3))
    assert len(lines) == count
    sound, seen = 0, set()
    for line in lines:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        is_document = isinstance(row, dict) and row.get("id") and row.get("text", "").strip()
        if is_document and row["id"] not in seen:
            seen.add(row["id"])
            sound += 1
    assert sound == count - poison


def test_no_poison_leaves_the_documents_as_they_are(parts):
    lines = [json.loads(line) for line in poisoned_lines(documents(9, 1, parts), 9, 0, 1)]
    assert lines == list(documents(9, 1, parts))
