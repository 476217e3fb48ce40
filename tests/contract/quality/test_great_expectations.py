"""What Great Expectations adds to the gate's contract: every rule of the suites, and the report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from include.adapters.document_files import DocumentFileReader
from include.adapters.quality import GreatExpectationsGate
from include.adapters.quality.suites import load_suite
from include.adapters.quality.validator import SuiteValidator
from include.domain.batches.documents import QuarantineReason as Reason
from include.domain.batches.documents import RawDocument
from include.domain.batches.predictions import Prediction
from include.domain.errors import TwolaneError
from include.pipeline.batch.expectations import merge_results
from include.pipeline.batch_objects.id_index import IdIndex
from include.pipeline.ports.quality import ExpectationResult, ShardVerdict
from tests.support.poison import MAX_DOCUMENT_CHARACTERS, MAX_LINE_BYTES, POISON, SOUND

LABELS = ("World", "Sports", "Business", "Sci/Tech")


@pytest.fixture(scope="module")
def gate() -> GreatExpectationsGate:
    return GreatExpectationsGate(max_document_characters=MAX_DOCUMENT_CHARACTERS)


def judge(gate: GreatExpectationsGate, lines: list[bytes], folder: Path) -> ShardVerdict:
    """Read JSON Lines as the product does and judge them as one shard."""
    source = folder / "source"
    source.write_bytes(b"\n".join(lines))
    reader = DocumentFileReader(max_line_bytes=MAX_LINE_BYTES)
    rows = list(reader.read(source, uri="s3://inbox/poison.jsonl"))
    assert len(rows) == len(lines)
    with IdIndex(folder / "ids.sqlite") as seen:
        return gate.check_documents(rows, seen.add([row.id for row in rows]))


def test_each_poison_has_its_reason_and_the_rest_goes_on(
    gate: GreatExpectationsGate, tmp_path: Path
) -> None:
    verdict = judge(gate, [*SOUND, *(poison.line for poison in POISON)], tmp_path)
    found = {row.position - len(SOUND): row.reason for row in verdict.poison}
    assert {POISON[i].name: reason for i, reason in found.items()} == {
        poison.name: poison.reason for poison in POISON
    }


def test_the_corpus_covers_every_reason_a_json_line_can_have() -> None:
    others = {Reason.MODEL_ERROR, Reason.BAD_ROW}
    assert {poison.reason for poison in POISON} == set(Reason) - others


def test_samples_are_few_and_say_where(gate: GreatExpectationsGate) -> None:
    rows = [RawDocument(100 + i, f"d{i}", " ") for i in range(20)]
    results = {result.unexpected_count: result for result in gate.check_documents(rows, []).results}
    assert set(results) == {0, 20}
    assert len(results[20].samples) == 5
    assert results[20].samples[0] == "row 100: the text is empty or blank"


def test_two_predictions_of_one_document_are_both_named(gate: GreatExpectationsGate) -> None:
    twice = Prediction("x", "World", 0.5)
    verdict = gate.check_predictions([twice, Prediction("y", "World", 0.5), twice], labels=LABELS)
    assert [(p.position, p.reason) for p in verdict.poison] == [
        (0, Reason.DUPLICATE_ID),
        (2, Reason.DUPLICATE_ID),
    ]


def test_it_is_silent(gate: GreatExpectationsGate, capfd: pytest.CaptureFixture[str]) -> None:
    gate.check_documents([RawDocument(0, "a", "t")], [])
    gate.check_predictions([Prediction("a", "World", 1.0)], labels=LABELS)
    assert capfd.readouterr() == ("", "")


def test_an_expectation_that_cannot_be_evaluated_is_no_success() -> None:
    validator = SuiteValidator(load_suite("predictions_out"))
    columns = {"document_id": ["a"], "label": ["World"]}
    with pytest.raises(TwolaneError, match=r"score_\w+ could not be evaluated: .*score"):
        validator.validate(columns, {"labels": list(LABELS)})


@pytest.mark.parametrize("name", ["documents_in", "predictions_out"])
def test_suites_name_each_rule_once(name: str) -> None:
    rules = load_suite(name).rules
    assert len({rule.name for rule in rules}) == len(rules)
    assert all(rule.reason or rule.name == "readable" for rule in rules)


def test_words_tell_all_rules_apart() -> None:
    words = [
        r.words for name in ("documents_in", "predictions_out") for r in load_suite(name).rules
    ]
    assert len(set(words)) == len(words)


def test_the_report_shows_what_was_found_and_needs_no_network(
    gate: GreatExpectationsGate, tmp_path: Path
) -> None:
    bad = judge(gate, [*SOUND, *(poison.line for poison in POISON)], tmp_path)
    results = merge_results(
        bad.results, gate.check_documents([RawDocument(0, "z", "t")], []).results
    )
    out = gate.check_predictions([Prediction("z", "World", 0.5)], labels=LABELS).results
    page = gate.render_report(
        title="Batch <b-1>", facts={"Files": "s3://in/a&b.jsonl"}, results=[*results, *out]
    )
    assert "Batch &lt;b-1&gt;" in page
    assert "s3://in/a&amp;b.jsonl" in page
    for rule in load_suite("documents_in").rules:
        assert rule.words[1:] in page
    assert "Documents as submitted" in page
    assert "Predictions as returned" in page
    assert f"{len(SOUND) + len(POISON) + 1} documents checked" in page
    assert "duplicate_id" in page
    assert not re.findall(r"""(?:src|href|url)\s*[=(]""", page)
    assert "<script" not in page


def test_a_report_of_unknown_or_no_expectations_is_still_a_page(
    gate: GreatExpectationsGate,
) -> None:
    page = gate.render_report(
        title="B", facts={}, results=[ExpectationResult("fits <in>", 300_000, 1, ("s",))]
    )
    assert "Other expectations" in page
    assert "its &lt;in&gt;" in page
    assert "300,000" in page
    assert "&lt; 0.01 %" in page
    assert "Nothing was checked" in gate.render_report(title="B", facts={}, results=[])
