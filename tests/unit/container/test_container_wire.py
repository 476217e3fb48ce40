"""The wire format: golden files, and no input that raises."""

from __future__ import annotations

import io
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.batches.predictions import HeadAnswer as RowHead
from include.domain.batches.predictions import Prediction as RowPrediction
from include.domain.batches.predictions import Stage as RowStage
from include.domain.batches.predictions import parse_prediction
from include.models.serving.artifact import load_artifact
from include.models.serving.batching import BatchPolicy
from include.models.serving.engine import Engine
from include.models.serving.hash_backend import HashBackend
from include.models.serving.metering import Meter
from include.models.serving.records import Fault, FaultCode, HeadAnswer, Prediction, Record, Stage
from include.models.serving.wire import (
    format_csv,
    format_json_line,
    parse_csv,
    parse_json_line,
    parse_json_lines,
    read_lines,
)

CONTRACT = Path(__file__).parents[3] / "include" / "models" / "contract"
GOLDEN = CONTRACT / "golden"


@pytest.fixture
def engine() -> Engine:
    artifact = load_artifact(CONTRACT / "trivial_model")
    backend = HashBackend(len(artifact.labels))
    policy = BatchPolicy(artifact.max_tokens)
    return Engine(backend, artifact, policy, Meter(), workers=1, window_documents=4)


def schema(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((CONTRACT / name).read_text()))


def test_json_lines_match_the_golden_file(engine: Engine) -> None:
    request = (GOLDEN / "request.jsonl").read_bytes()
    answers = engine.answers(parse_json_lines(request.split(b"\n")))
    assert b"".join(map(format_json_line, answers)) == (GOLDEN / "response.jsonl").read_bytes()


def test_csv_matches_the_golden_file(engine: Engine) -> None:
    has_header, records = parse_csv((GOLDEN / "request.csv").read_bytes())
    response = format_csv(engine.answers(records), has_header)
    assert response == (GOLDEN / "response.csv").read_bytes()


def test_csv_without_header_is_answered_without(engine: Engine) -> None:
    has_header, records = parse_csv(b"d-1,some text\n")
    assert not has_header
    assert format_csv(engine.answers(records), has_header).startswith(b"d-1,")


@pytest.mark.parametrize(
    "name", ["response.jsonl", "cascade_response.jsonl", "bundle_response.jsonl"]
)
def test_golden_responses_keep_to_the_schema_and_the_pipeline_reads_them(name: str) -> None:
    validator = schema("response.schema.json")
    for line in (GOLDEN / name).read_bytes().splitlines():
        validator.validate(json.loads(line))
        parse_prediction(line, source="golden")


def test_the_stage_of_a_cascade_stands_in_the_line_and_the_pipeline_knows_it() -> None:
    answers = [
        Prediction("d-1", "World", 0.9675, Stage.CHEAP),
        Prediction("d-2", "Sci/Tech", 0.6925, Stage.ENCODER),
        Fault("d-3", FaultCode.EMPTY_TEXT, "text is empty"),
    ]
    lines = (GOLDEN / "cascade_response.jsonl").read_bytes().splitlines(keepends=True)

    assert list(map(format_json_line, answers)) == lines
    read = [parse_prediction(line, source="golden") for line in lines[:2]]
    assert read == [
        RowPrediction("d-1", "World", 0.9675, RowStage.CHEAP),
        RowPrediction("d-2", "Sci/Tech", 0.6925, RowStage.ENCODER),
    ]


def test_the_further_heads_of_a_bundle_stand_in_the_line_and_the_pipeline_knows_them() -> None:
    answers = [
        Prediction("d-1", "World", 0.9675, heads=(HeadAnswer("urgency", "low", 0.81),)),
        Fault("d-2", FaultCode.EMPTY_TEXT, "text is empty"),
    ]
    lines = (GOLDEN / "bundle_response.jsonl").read_bytes().splitlines(keepends=True)

    assert list(map(format_json_line, answers)) == lines
    read = parse_prediction(lines[0], source="golden")
    assert read == RowPrediction("d-1", "World", 0.9675, heads=(RowHead("urgency", "low", 0.81),))


def test_the_schema_knows_every_stage() -> None:
    validator = schema("response.schema.json")
    for stage in Stage:
        validator.validate(json.loads(format_json_line(Prediction("d", "World", 0.5, stage))))
    assert not validator.is_valid({"id": "d", "label": "World", "score": 0.5, "stage": "other"})


def test_csv_has_the_same_columns_for_a_cascade() -> None:
    response = format_csv([Prediction("d-1", "World", 0.5, Stage.CHEAP)], has_header=True)
    assert response == b"id,label,score,error\nd-1,World,0.5,\n"


def test_the_schema_knows_every_fault_code() -> None:
    validator = schema("response.schema.json")
    for code in FaultCode:
        validator.validate(json.loads(format_json_line(Fault(None, code, "why"))))


def test_the_request_schema_and_the_parser_agree_on_the_golden_requests() -> None:
    validator = schema("request.schema.json")
    for line in (GOLDEN / "request.jsonl").read_bytes().split(b"\n"):
        try:
            value = json.loads(line.decode("utf-8"))
        except ValueError:
            continue
        parsed = parse_json_line(line)
        is_unicode_fault = isinstance(parsed, Fault) and parsed.code is FaultCode.NOT_UTF8
        assert validator.is_valid(value) == (isinstance(parsed, Record) or is_unicode_fault)


@given(st.binary(max_size=200))
def test_no_bytes_make_a_parser_raise(body: bytes) -> None:
    for answer in [*parse_json_lines(body.split(b"\n")), *parse_csv(body)[1]]:
        assert isinstance(answer, Record | Fault)


@pytest.mark.parametrize("line", [b"[" * 100_000, b'{"id": ' + b"9" * 5000 + b"}", b"NaN", b"3"])
def test_hostile_json_is_a_fault(line: bytes) -> None:
    assert isinstance(parse_json_line(line), Fault)


ids = st.text(min_size=1).filter(lambda s: s.strip()).filter(lambda s: s.isascii() or _encodes(s))


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@given(ids, ids)
def test_a_record_survives_the_wire_whole(id_: str, text: str) -> None:
    for ascii_only in (True, False):
        line = json.dumps({"id": id_, "text": text}, ensure_ascii=ascii_only).encode()
        assert parse_json_line(line) == Record(id_, text)


@given(ids, st.floats(0, 1))
def test_a_prediction_survives_the_wire(id_: str, score: float) -> None:
    line = format_json_line(Prediction(id_, "Sports", score))
    assert line.count(b"\n") == 1
    value = json.loads(line)
    assert (value["id"], value["label"]) == (id_, "Sports")
    assert value["score"] == pytest.approx(score, abs=1e-6)


def test_a_line_over_the_limit_is_never_held_whole() -> None:
    stream = io.BytesIO(b"a" * 95 + b"\nshort\n" + b"b" * 30)
    lines = list(read_lines(stream, max_bytes=10))
    assert [len(line) for line in lines] == [11, 6, 11]
    assert lines[1] == b"short\n"


def test_lines_at_the_limit_are_whole() -> None:
    stream = io.BytesIO(b"a" * 10 + b"\n" + b"b" * 9 + b"\n")
    assert list(read_lines(stream, max_bytes=10)) == [b"a" * 10 + b"\n", b"b" * 9 + b"\n"]
