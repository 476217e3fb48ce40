"""The serving container under SageMaker's contract."""

from __future__ import annotations

import codecs
import json
import signal
import socket
import threading
from pathlib import Path

import jsonschema
import pytest

from tests.support.container import (
    CONTRACT,
    JSON_LINES,
    SAMPLE,
    Server,
    log_events,
    run_command,
    serving,
    trivial_model,
)

GOLDEN = CONTRACT / "golden"
DOCUMENTS = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def test_ping_answers(trivial_server: Server) -> None:
    assert trivial_server.get("/ping").status == 200


def test_execution_parameters(trivial_server: Server) -> None:
    answer = trivial_server.get("/execution-parameters")
    assert json.loads(answer.body) == {
        "MaxConcurrentTransforms": 2,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": 1,
    }


@pytest.mark.parametrize(("suffix", "media_type"), [("jsonl", JSON_LINES), ("csv", "text/csv")])
def test_invocations_match_the_golden_files(
    trivial_server: Server, suffix: str, media_type: str
) -> None:
    answer = trivial_server.invoke((GOLDEN / f"request.{suffix}").read_bytes(), media_type)
    assert (answer.status, answer.content_type) == (200, media_type)
    assert answer.body == (GOLDEN / f"response.{suffix}").read_bytes()


def test_content_type_parameters_are_allowed(trivial_server: Server) -> None:
    answer = trivial_server.invoke(b'{"id": "1", "text": "t"}', "text/csv; charset=utf-8", "*/*")
    assert (answer.status, answer.content_type) == (200, "text/csv")


def test_accept_chooses_the_answers_format(trivial_server: Server) -> None:
    answer = trivial_server.invoke(b'{"id": "1", "text": "t"}\n', JSON_LINES, "text/csv")
    assert answer.content_type == "text/csv"
    assert answer.body.startswith(b"id,label,score,error\n1,")


@pytest.mark.parametrize(
    ("content_type", "accept", "status"),
    [("application/json", None, 415), ("", None, 415), (JSON_LINES, "image/png", 406)],
)
def test_other_formats_are_refused(
    trivial_server: Server, content_type: str, accept: str | None, status: int
) -> None:
    answer = trivial_server.invoke(b"{}", content_type, accept)
    assert answer.status == status
    assert JSON_LINES in json.loads(answer.body)["error"]["message"]


def test_a_payload_over_the_limit_is_refused(trivial_server: Server) -> None:
    assert trivial_server.invoke(b"x" * (2**20 + 1)).status == 413


def test_a_caller_that_still_sends_can_read_why_it_is_refused(trivial_server: Server) -> None:
    """Closed with bytes unread, the connection would be reset before the answer is read."""
    for _ in range(5):
        assert trivial_server.invoke(b"x" * 2**24).status == 413


def test_a_negative_length_is_refused(trivial_server: Server) -> None:
    """Read as it stands, it would take in all that the caller ever sends."""
    with socket.create_connection(("127.0.0.1", trivial_server.port), timeout=60) as caller:
        caller.sendall(
            b"POST /invocations HTTP/1.1\r\nHost: model\r\n"
            b"Content-Type: application/jsonlines\r\nContent-Length: -1\r\n\r\n"
        )
        assert b" 400 " in caller.recv(65_536).split(b"\r\n", 1)[0]


def test_a_byte_order_mark_is_no_part_of_the_first_record(trivial_server: Server) -> None:
    answer = trivial_server.invoke(codecs.BOM_UTF8 + b'{"id": "1", "text": "t"}\n')
    assert "label" in json.loads(answer.body)


def test_an_unknown_path_is_refused_and_the_server_lives_on(trivial_server: Server) -> None:
    assert trivial_server.get("/models").status == 404
    assert trivial_server.get("/ping").status == 200


def test_an_empty_payload_has_an_empty_answer(trivial_server: Server) -> None:
    assert trivial_server.invoke(b"").body == b""


def test_a_connection_is_kept_alive(trivial_server: Server) -> None:
    trivial_server.get("/ping")
    before = trivial_server.connection.sock
    trivial_server.invoke(b'{"id": "1", "text": "t"}\n')
    assert before is not None
    assert trivial_server.connection.sock is before


def test_the_real_model_knows_the_news(real_server: Server) -> None:
    asked = DOCUMENTS[200:280]
    answers = real_server.classify([{"id": d["id"], "text": d["text"]} for d in asked])
    assert [a["id"] for a in answers] == [d["id"] for d in asked]
    right = sum(a["label"] == d["label"] for a, d in zip(answers, asked, strict=True))
    assert right / len(asked) > 0.8


def test_a_label_does_not_depend_on_its_batch(real_server: Server) -> None:
    asked = [{"id": d["id"], "text": d["text"]} for d in DOCUMENTS[:60]]
    asked += [{"id": "long", "text": " ".join(d["text"] for d in DOCUMENTS[:20])}]
    together = real_server.classify(asked)
    alone = [real_server.classify([record])[0] for record in asked]
    assert [a["label"] for a in together] == [a["label"] for a in alone]
    assert max(abs(t["score"] - a["score"]) for t, a in zip(together, alone, strict=True)) < 0.01


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_graph_of_full_precision_gives_the_same_labels(
    real_server: Server, trained_root: Path, precision: str
) -> None:
    asked = [{"id": d["id"], "text": d["text"]} for d in DOCUMENTS[200:260]]
    with serving(trained_root, MODEL_PRECISION=precision) as server:
        answers = server.classify(asked)
    int8 = real_server.classify(asked)
    assert sum(a["label"] == b["label"] for a, b in zip(answers, int8, strict=True)) >= 57
    assert answers != int8, "scores of another arithmetic"


def test_a_bad_record_answers_for_itself(real_server: Server) -> None:
    good, bad, other = real_server.classify(
        [
            {"id": "1", "text": DOCUMENTS[0]["text"]},
            {"id": "2", "text": " "},
            {"id": "3", "text": "🏆" * 50_000},
        ]
    )
    assert good == real_server.classify([{"id": "1", "text": DOCUMENTS[0]["text"]}])[0]
    assert bad == {"id": "2", "error": {"code": "empty_text", "message": "text is empty"}}
    assert "label" in other


def test_termination_answers_what_is_in_flight_and_logs_the_summary(trained_root: Path) -> None:
    payload = [{"id": d["id"], "text": d["text"]} for d in DOCUMENTS]
    answers: list[object] = []
    with serving(trained_root) as server:
        first = server.classify(payload[:1])
        asking = threading.Thread(target=lambda: answers.extend(server.classify(payload)))
        asking.start()
        asking.join(0.05)
        server.process.send_signal(signal.SIGTERM)
        asking.join(30)
    assert len(first) + len(answers) == 1 + len(payload)
    assert server.process.returncode == 0
    summary = log_events(server.log)[-1]
    schema = json.loads((CONTRACT / "inference_summary.schema.json").read_text())
    jsonschema.validate(summary, schema)
    assert summary["documents"] == 1 + len(payload)
    assert summary["tokens"] > summary["documents"]
    assert summary["model_seconds"] > 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "model.json"), ("{", "model.json"), ('{"name": "x"}', "lacks"), ("other", "format")],
)
def test_a_bad_artifact_ends_the_container_with_the_reason(
    tmp_path: Path, content: str | None, reason: str
) -> None:
    folder = trivial_model(tmp_path / "model")
    if content is None:
        (folder / "model.json").unlink()
    elif content == "other":
        text = (folder / "model.json").read_text().replace('"hash"', '"other"')
        (folder / "model.json").write_text(text)
    else:
        (folder / "model.json").write_text(content)
    done = run_command("serving", "serve", tmp_path)
    assert done.returncode == 1
    assert reason in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_an_unknown_command_shows_the_usage(tmp_path: Path) -> None:
    done = run_command("serving", "dance", tmp_path)
    assert done.returncode == 2
    assert "serve | process | infer | train" in done.stderr
