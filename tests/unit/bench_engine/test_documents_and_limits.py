from __future__ import annotations

import json

import pytest

from benchmarks.engine.documents import Document, DocumentsError, parse, spread, within_budget
from benchmarks.engine.limits import EncoderWork, limit_documents_per_s

MINILM = {"hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 6}


def test_a_title_goes_before_the_text_and_an_id_is_made_where_there_is_none() -> None:
    lines = ['{"text": "a"}', "", '{"id": 7, "title": "T", "text": "b", "label": "x"}']
    assert parse(lines) == [Document("1", "a", None), Document("7", "T. b", "x")]


@pytest.mark.parametrize("line", ["nonsense", "[]", "{}", '{"text": " "}', '{"text": 3}'])
def test_a_line_that_is_no_document_is_named(line: str) -> None:
    with pytest.raises(DocumentsError, match="line 2"):
        parse(['{"text": "fine"}', line])


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(DocumentsError, match="no document"):
        parse(["", " "])


def test_the_order_depends_on_ids_alone() -> None:
    lines = [json.dumps({"id": k, "text": "x" * (k + 1)}) for k in range(50)]
    forwards, backwards = spread(parse(lines)), spread(parse(reversed(lines)))
    assert forwards == backwards
    assert [d.id for d in forwards] != [str(k) for k in range(50)]


def test_the_budget_holds_whole_documents_and_at_least_one() -> None:
    assert within_budget([4, 4, 4], 8) == 2
    assert within_budget([4, 4, 4], 100) == 3
    assert within_budget([400], 8) == 1


def test_the_encoder_takes_about_21_million_operations_a_token() -> None:
    work = EncoderWork.from_config(MINILM)
    assert work.per_token_flop == 21_233_664
    assert work.per_token_pair_flop == 9_216
    assert work.flop([10, 20]) == work.flop([10]) + work.flop([20])
    assert work.flop([2]) == 2 * 21_233_664 + 4 * 9_216


def test_the_limit_is_the_peak_over_the_work() -> None:
    assert limit_documents_per_s(flop=4_000_000_000, documents=8, peak_gflop_per_s=2.0) == 4.0
