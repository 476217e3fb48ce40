"""Cutting objects into mini-batches loses nothing, doubles nothing and holds the limit."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.sagemaker.transform_jobs.records import RecordTooLargeError, joined, payloads

LINES = st.lists(st.binary(min_size=1, max_size=30).filter(lambda line: b"\n" not in line))


@given(lines=LINES, limit=st.integers(min_value=31, max_value=200), ends=st.booleans())
def test_multi_record_payloads_are_the_whole_object(
    lines: list[bytes], limit: int, ends: bool
) -> None:
    body = b"\n".join(lines) + (b"\n" if ends and lines else b"")

    batches = list(payloads(io.BytesIO(body), limit, is_split=True, is_multi_record=True))

    assert b"".join(batches).strip() == body.strip()
    assert all(len(batch) <= limit for batch in batches)
    assert all(batch.endswith(b"\n") for batch in batches[:-1])


@given(lines=LINES)
def test_single_records_are_the_lines_that_hold_something(lines: list[bytes]) -> None:
    body = b"\n".join(lines)

    batches = list(payloads(io.BytesIO(body), 40, is_split=True, is_multi_record=False))

    assert batches == [line.rstrip(b"\r") for line in body.split(b"\n") if line.strip()]


@pytest.mark.parametrize("is_multi_record", [True, False])
def test_a_record_exactly_at_the_limit_passes_and_one_over_fails(is_multi_record: bool) -> None:
    def cut(size: int) -> list[bytes]:
        return list(payloads(io.BytesIO(b"x" * size), 10, True, is_multi_record))

    assert cut(10) == [b"x" * 10]
    with pytest.raises(RecordTooLargeError):
        cut(11)


def test_an_object_that_is_not_split_is_one_payload() -> None:
    assert list(payloads(io.BytesIO(b"a\nb\n"), 4, False, True)) == [b"a\nb\n"]
    with pytest.raises(RecordTooLargeError):
        list(payloads(io.BytesIO(b"a\nb\nc"), 4, False, True))


def test_answers_are_joined_to_their_inputs() -> None:
    assert joined(b'{"a": 1}\n[2]\n', b'"x"\n"y"\n', "application/jsonlines", True) == (
        b'{"a": 1, "SageMakerOutput": "x"}\n{"SageMakerInput": [2], "SageMakerOutput": "y"}\n'
    )
    assert joined(b"1,2\n", b"0.5\n", "text/csv", True) == b"1,2,0.5\n"


def test_a_join_of_different_counts_is_an_error() -> None:
    with pytest.raises(ValueError, match="2 records were sent and 1 answered"):
        joined(b"{}\n{}\n", b"{}\n", "application/jsonlines", True)
