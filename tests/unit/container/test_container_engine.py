"""The engine answers every record once, in order, and keeps a bad one to itself."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from include.models.serving.artifact import Artifact
from include.models.serving.batching import BatchPolicy
from include.models.serving.engine import Engine
from include.models.serving.metering import Meter
from include.models.serving.records import Fault, FaultCode, Parsed, Prediction, Record
from tests.support.probabilities import probabilities

ARTIFACT = Artifact("news-topic", "3", "test", ("even", "odd"), 64, 40)


class LengthBackend:
    """Tokens are characters; the label is the parity of their number."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.breaks_on = "!"

    def tokenize(self, texts: Sequence[str]) -> list[array[int]]:
        if any("\x00" in text for text in texts):
            raise ValueError("NUL in text")
        return [array("q", map(ord, text[:64])) for text in texts]

    def infer(self, worker: int, tokens: Sequence[array[int]], length: int) -> NDArray[np.float32]:
        self.gate.wait(10)
        self.lengths.extend(len(found) for found in tokens)
        if any(self.breaks_on in "".join(map(chr, found)) for found in tokens):
            raise RuntimeError("model broke")
        return probabilities([(len(found) % 2, 0.5) for found in tokens], 2)


def engine_on(
    backend: LengthBackend, window: int = 8, workers: int = 2, meter: Meter | None = None
) -> Engine:
    policy = BatchPolicy(ARTIFACT.max_tokens, 64, 4)
    return Engine(
        backend, ARTIFACT, policy, meter or Meter(), workers=workers, window_documents=window
    )


def wait_until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


texts = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=60)
entries = st.one_of(
    texts, st.just("bad\x00text"), st.sampled_from([FaultCode.NOT_JSON, FaultCode.EMPTY_TEXT])
)


@settings(deadline=None, max_examples=50)
@given(st.lists(entries, max_size=60), st.integers(1, 20))
def test_answers_come_complete_in_order_and_faults_stay_alone(
    contents: list[str | FaultCode], window: int
) -> None:
    records: list[Parsed] = [
        Fault(str(i), c, "given") if isinstance(c, FaultCode) else Record(str(i), c)
        for i, c in enumerate(contents)
    ]
    engine = engine_on(LengthBackend(), window)
    answers = list(engine.answers(records))
    engine.close()
    assert [answer.id for answer in answers] == [str(i) for i in range(len(contents))]
    for content, answer in zip(contents, answers, strict=True):
        if isinstance(content, FaultCode):
            assert isinstance(answer, Fault)
            assert answer.code is content
        elif "\x00" in content:
            assert isinstance(answer, Fault)
            assert answer.code is FaultCode.TOKENIZER_FAILED
        else:
            parity = ("even", "odd")[min(len(content), ARTIFACT.max_characters) % 2]
            assert answer == Prediction(answer.id or "", parity, 0.5)


def test_texts_are_cut_before_the_model_sees_them() -> None:
    backend = LengthBackend()
    engine = engine_on(backend)
    list(engine.answers([Record("a", "x" * 1000)]))
    assert backend.lengths == [ARTIFACT.max_characters]


def test_no_more_than_two_windows_of_a_stream_are_read_ahead() -> None:
    read = 0

    def stream() -> Iterator[Record]:
        nonlocal read
        for i in range(1000):
            read += 1
            yield Record(str(i), "abc")

    answers = engine_on(LengthBackend(), window=10).answers(stream())
    next(answers)
    assert read == 20


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["fine", "longer text", "!boom", "bad\x00"]), max_size=30))
def test_a_document_the_model_fails_on_costs_its_own_answer(contents: list[str]) -> None:
    meter = Meter()
    engine = engine_on(LengthBackend(), meter=meter)
    contents = ["sound", *contents]
    answers = list(engine.answers([Record(str(i), text) for i, text in enumerate(contents)]))
    again = list(engine.answers([Record("alone", "!boom")]))
    engine.close()
    assert [answer.id for answer in answers] == [str(i) for i in range(len(contents))]
    for text, answer in zip(contents, answers, strict=True):
        assert isinstance(answer, Fault) == (text[0] == "!" or "\x00" in text)
    assert again == [Fault("alone", FaultCode.MODEL_FAILED, "RuntimeError: model broke")]
    assert meter.errors == sum(isinstance(answer, Fault) for answer in answers) + 1


def test_a_failing_model_raises_instead_of_blaming_records() -> None:
    backend = LengthBackend()
    engine = engine_on(backend)
    with pytest.raises(RuntimeError, match="model broke"):
        list(engine.answers([Record("a", "!boom"), Record("b", "!bang")]))
    assert len(list(engine.answers([Record("a", "fine")]))) == 1, "the worker survives"
    backend.breaks_on = ""
    with pytest.raises(RuntimeError, match="model broke"):
        list(engine.answers([Record("a", "fine"), Record("b", "other")]))


class Overflowing(LengthBackend):
    """A model whose arithmetic overflows on a document with a tilde."""

    def infer(self, worker: int, tokens: Sequence[array[int]], length: int) -> NDArray[np.float32]:
        found = super().infer(worker, tokens, length)
        found[[ord("~") in each for each in tokens]] = np.nan
        return found


def test_a_probability_that_is_no_number_costs_its_own_answer() -> None:
    engine = engine_on(Overflowing())
    answers = list(engine.answers(Record(text, text) for text in ("aa", "b~", "cc")))
    engine.close()
    assert [type(answer) for answer in answers] == [Prediction, Fault, Prediction]
    assert isinstance(answers[1], Fault)
    assert answers[1].code is FaultCode.MODEL_FAILED
    assert "no number" in answers[1].message


def test_a_model_that_gives_no_numbers_at_all_raises() -> None:
    engine = engine_on(Overflowing())
    with pytest.raises(FloatingPointError, match="no number"):
        list(engine.answers(Record(text, text) for text in ("~", "a~")))


def test_a_lone_request_overtakes_a_large_payload() -> None:
    backend = LengthBackend()
    backend.gate.clear()
    engine = engine_on(backend, window=2048, workers=1)
    payload = [Record(str(i), "y" * 30) for i in range(200)]
    with ThreadPoolExecutor(2) as pool:
        large = pool.submit(lambda: list(engine.answers(payload)))
        wait_until(lambda: engine.queued == 99)  # 100 batches of two, one of them running
        lone = pool.submit(lambda: list(engine.answers([Record("lone", "zz")])))
        wait_until(lambda: engine.queued == 100)
        backend.gate.set()
        assert len(lone.result(10)) == 1
        assert len(large.result(10)) == 200
    assert backend.lengths.index(2) == 2, "it went right after the batch that was running"


def test_the_meter_counts_documents_tokens_and_faults() -> None:
    meter = Meter("news-topic@3", clock=iter(range(1000)).__next__)
    engine = engine_on(LengthBackend(), meter=meter)
    list(engine.answers([Record("a", "abc"), Fault("b", FaultCode.EMPTY_TEXT, "empty")]))
    assert (meter.documents, meter.tokens, meter.errors) == (2, 3, 1)


def test_overlapping_model_calls_count_as_one_stretch_of_time() -> None:
    now = iter([10.0, 13.0])
    meter = Meter(clock=lambda: next(now))
    with meter.model_call(), meter.model_call():
        pass
    assert meter.model_seconds == 3.0
    assert '"model_seconds": 3.0' in meter.summary_line()
