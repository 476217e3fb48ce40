"""Shards of records of every kind, as each format holds them, with the answers they must get."""

from __future__ import annotations

import gzip
import json
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st
from numpy.typing import NDArray

from include.models.serving.artifact import Artifact
from include.models.serving.records import FaultCode
from tests.support.probabilities import probabilities

LABELS = ("a", "b", "c")
ARTIFACT = Artifact("news-topic", "3", "test", LABELS, 48, 300)


class SumBackend:
    """Tokens are characters; label and score are made of every one of them."""

    def tokenize(self, texts: Sequence[str]) -> list[array[int]]:
        if any("\x00" in text for text in texts):
            raise ValueError("NUL in text")
        return [array("q", map(ord, text[: ARTIFACT.max_tokens])) for text in texts]

    def infer(self, worker: int, tokens: Sequence[array[int]], length: int) -> NDArray[np.float32]:
        if any(ord("!") in found for found in tokens):
            raise RuntimeError("model broke")
        answers = [(sum(found) % len(LABELS), 0.5 + sum(found) % 499 / 1024) for found in tokens]
        return probabilities(answers, len(LABELS))


def expected_answer(id_: str, text: str) -> dict[str, object]:
    seen = text[: ARTIFACT.max_characters][: ARTIFACT.max_tokens]
    if "\x00" in text[: ARTIFACT.max_characters]:
        return {"id": id_, "error": FaultCode.TOKENIZER_FAILED}
    if "!" in seen:
        return {"id": id_, "error": FaultCode.MODEL_FAILED}
    total = sum(map(ord, seen))
    return {"id": id_, "label": LABELS[total % 3], "score": round(0.5 + total % 499 / 1024, 6)}


@dataclass(frozen=True)
class Row:
    """A record as each format holds it, and the answer it must get; no column: not in Parquet."""

    line: bytes
    columns: tuple[bytes | None, bytes | None] | None
    answer: dict[str, object]


numbers = count()
characters = st.characters(exclude_categories=["Cs"])
contents = st.one_of(
    st.text(characters, min_size=1, max_size=80),
    st.text(st.sampled_from("ab é漢🏆\x00!"), min_size=1, max_size=20),
    st.integers(1, 2000).map(lambda length: "long " * length),
).filter(lambda text: text.strip())


@st.composite
def sound_rows(draw: st.DrawFn) -> Row:
    id_, text = f"{next(numbers)}-é", draw(contents)
    line = json.dumps({"id": id_, "text": text}, ensure_ascii=draw(st.booleans())).encode()
    line += draw(st.sampled_from([b"", b"\r", b"  "]))
    return Row(line, (id_.encode(), text.encode()), expected_answer(id_, text))


def bad(
    line: bytes,
    code: FaultCode,
    id_: str | None = None,
    columns: tuple[bytes | None, bytes | None] | None = None,
) -> Row:
    return Row(line, columns, {"id": id_, "error": code})


bad_rows = st.sampled_from(
    [
        bad(b'{"id": "u", "text": "\xff"}', FaultCode.NOT_UTF8),
        bad('{"id": "u", "text": "t"}'.encode("utf-16-le"), FaultCode.NOT_JSON),
        bad('{"id": "u", "text": "é"}'.encode("latin-1"), FaultCode.NOT_UTF8),
        bad(b'{"id": "u", "text": "\\ud800"}', FaultCode.NOT_UTF8, "u", (b"u", b"\xed\xa0\x80")),
        bad(b'{"id": "u", "text": ', FaultCode.NOT_JSON),
        bad(b"[" * 2000, FaultCode.NOT_JSON),
        bad(b"17", FaultCode.NOT_AN_OBJECT),
        bad(b'{"text": "t"}', FaultCode.MISSING_ID, None, (None, b"t")),
        bad(b'{"id": " ", "text": "t"}', FaultCode.MISSING_ID, None, (b" ", b"t")),
        bad(b'{"id": "u"}', FaultCode.MISSING_TEXT, "u", (b"u", None)),
        bad(b'{"id": "u", "text": "\\t "}', FaultCode.EMPTY_TEXT, "u", (b"u", b"\t ")),
    ]
)
mixtures = st.lists(st.one_of(sound_rows(), bad_rows), max_size=40)


def write_lines(path: Path, rows: Sequence[Row], ending: bytes, blank: bytes) -> None:
    lines = (b"\n" + blank).join(row.line for row in rows)
    content = b"\xef\xbb\xbf" + lines + (ending if rows else b"")
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def write_parquet(path: Path, rows: Sequence[Row], ending: bytes, blank: bytes) -> None:
    columns = [row.columns for row in rows if row.columns]
    ids, texts = ([pair[side] for pair in columns] for side in (0, 1))
    # As strings that were never checked to be UTF-8.
    table = {
        n: pa.array(v, pa.binary()).view(pa.string()) for n, v in (("id", ids), ("text", texts))
    }
    pq.write_table(pa.table(table), path, row_group_size=len(ending) + 6)


WRITERS: dict[str, Callable[[Path, Sequence[Row], bytes, bytes], None]] = {
    ".jsonl": write_lines,
    ".jsonl.gz": write_lines,
    ".parquet": write_parquet,
}
