"""Cut an object into mini-batches, and join answers to their inputs, in constant memory."""

import json
from collections.abc import Iterator
from typing import BinaryIO


class RecordTooLargeError(Exception):
    """A single record, or an object that is not split, exceeds the payload limit."""


def payloads(
    stream: BinaryIO, max_bytes: int, is_split: bool, is_multi_record: bool
) -> Iterator[bytes]:
    """Mini-batches of ``stream``, each at most ``max_bytes``, in order.

    Multi-record payloads hold whole lines with their newlines; single records come without.
    Lines of nothing but white space are no records of their own.

    Raises:
        RecordTooLargeError: while iterating.
    """
    if not is_split:
        body = stream.read(max_bytes + 1)
        _require(len(body) <= max_bytes)
        yield body
    elif is_multi_record:
        yield from _line_blocks(stream, max_bytes)
    else:
        while line := stream.readline(max_bytes + 2):
            record = line.rstrip(b"\r\n")
            _require(len(record) <= max_bytes)
            if record.strip():
                yield record


def _line_blocks(stream: BinaryIO, max_bytes: int) -> Iterator[bytes]:
    carry = b""
    while True:
        block = carry + stream.read(max_bytes - len(carry) + 1)
        if len(block) <= max_bytes:  # the end of the stream
            if block.strip():
                yield block
            return
        end = block.rfind(b"\n", 0, max_bytes) + 1
        _require(end > 0)
        yield block[:end]
        carry = block[end:]


def _require(is_within: bool) -> None:
    if not is_within:
        raise RecordTooLargeError


def joined(source: bytes, answer: bytes, content_type: str, is_split: bool) -> bytes:
    """``answer`` joined to ``source`` as ``JoinSource: Input`` does.

    JSON objects get a member ``SageMakerOutput``; other JSON is put beside it as
    ``SageMakerInput``; CSV lines are appended.

    Raises:
        ValueError: the numbers of records differ, or one is no JSON.
    """
    if not is_split:
        return _joined_record(source, answer, content_type)
    inputs, outputs = source.splitlines(), answer.splitlines()
    inputs = [line for line in inputs if line.strip()]
    if len(inputs) != len(outputs):
        raise ValueError(f"{len(inputs)} records were sent and {len(outputs)} answered")
    lines = [
        _joined_record(one, other, content_type) for one, other in zip(inputs, outputs, strict=True)
    ]
    return b"".join(line + b"\n" for line in lines)


def _joined_record(source: bytes, answer: bytes, content_type: str) -> bytes:
    if content_type.startswith("text/csv"):
        return source.rstrip(b"\r\n") + b"," + answer
    record, output = json.loads(source), json.loads(answer)
    if isinstance(record, dict):
        record["SageMakerOutput"] = output
    else:
        record = {"SageMakerInput": record, "SageMakerOutput": output}
    return json.dumps(record, ensure_ascii=False).encode()
