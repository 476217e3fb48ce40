"""The real model on any mixture: complete, in order, and no answer depends on its company."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.container import SAMPLE, Server

NEWS = [json.loads(line)["text"] for line in SAMPLE.read_text(encoding="utf-8").splitlines()[:24]]
TEXTS = [
    *NEWS,
    "a",
    "Sport",
    "🏆 " * 200,
    "株式市場は木曜日に上昇した。" * 9,
    "naïve café — ½ ﬁ\u200b\u0301",
    " ".join(NEWS),
    " ".join(NEWS[:4]),
    "word\r\n\tword \u0007",
    "x" * 4000,
]
BAD = {
    b'{"id": "u", "text": "\xff"}': "not_utf8",
    '{"id": "u", "text": "t"}'.encode("utf-16-le"): "not_json",
    b'{"id": "u"': "not_json",
    b"[]": "not_an_object",
    b'{"text": "t"}': "missing_id",
    b'{"id": "u", "text": 1}': "missing_text",
    b'{"id": "u", "text": " \\n"}': "empty_text",
    b'{"id": "u", "text": "\\ud83d"}': "not_utf8",
}
SCORE_TOLERANCE = 0.001

mixtures = st.lists(
    st.one_of(st.integers(0, len(TEXTS) - 1), st.sampled_from(sorted(BAD))), max_size=60
)


@pytest.fixture(scope="module")
def alone(real_server: Server) -> list[dict[str, object]]:
    """Each text's answer when nothing else is asked."""
    return [real_server.classify([{"id": "alone", "text": text}])[0] for text in TEXTS]


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(mixture=mixtures)
def test_an_answer_is_the_same_in_any_company(
    real_server: Server, alone: list[dict[str, object]], mixture: list[int | bytes]
) -> None:
    lines = [
        entry
        if isinstance(entry, bytes)
        else json.dumps(
            {"id": f"{place}", "text": TEXTS[entry]}, ensure_ascii=place % 2 == 0
        ).encode()
        for place, entry in enumerate(mixture)
    ]
    answer = real_server.invoke(b"\n".join(lines))
    assert answer.status == 200
    answers = [json.loads(line) for line in answer.body.splitlines()]
    assert len(answers) == len(mixture)
    for place, (entry, found) in enumerate(zip(mixture, answers, strict=True)):
        if isinstance(entry, bytes):
            assert found["error"]["code"] == BAD[entry]
        else:
            assert (found["id"], found["label"]) == (f"{place}", alone[entry]["label"])
            assert found["score"] == pytest.approx(alone[entry]["score"], abs=SCORE_TOLERANCE)
