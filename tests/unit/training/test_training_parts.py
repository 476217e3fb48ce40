"""The pure parts of the training program."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from include.models.training.documents import (
    LabelledDocument,
    TrainingDataError,
    channel_files,
    data_digest,
    hash_bucket,
    read_documents,
    split_documents,
    spread_sample,
)
from include.models.training.metrics import evaluate
from include.models.training.parameters import (
    ParameterError,
    TrainingParameters,
    read_parameters,
)

LABELS = ("a", "b", "c")


def documents(count: int) -> list[LabelledDocument]:
    return [LabelledDocument(f"doc-{i}", f"text {i}", LABELS[i % 3]) for i in range(count)]


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows) + "\n")
    return path


def test_a_document_keeps_its_side_when_others_come() -> None:
    few, many = split_documents(documents(200), 20), split_documents(documents(400), 20)
    held_out = {d.id for d in many.held_out}
    assert {d.id for d in few.held_out} == {d.id for d in documents(200)} & held_out
    assert not held_out & {d.id for d in many.train}
    assert 0.1 < len(many.held_out) / 400 < 0.3


@given(st.text())
def test_buckets_are_percent(text: str) -> None:
    assert 0 <= hash_bucket(text) < 100


def test_a_text_that_occurs_twice_is_on_one_side() -> None:
    again = [replace(d, id=f"{d.id}-2", text=f" {d.text.upper()}\n") for d in documents(200)]
    split = split_documents([*documents(200), *again], 20)
    for side in (split.train, split.held_out):
        assert len({d.text.casefold().strip() for d in side}) * 2 == len(side)


def test_what_no_model_reads_is_cut_after_the_split() -> None:
    long = [replace(d, text=f"{d.text} {'and more ' * 9}{d.id}") for d in documents(200)]
    split = split_documents(long, 20).cut(6)
    assert {len(d.text) for d in (*split.train, *split.held_out)} == {6}
    assert [d.id for d in split.held_out] == [d.id for d in split_documents(long, 20).held_out]


@pytest.mark.parametrize("percent", [0, 100])
def test_an_empty_side_is_refused(percent: int) -> None:
    with pytest.raises(TrainingDataError, match="both are needed"):
        split_documents(documents(50), percent)


def test_a_label_without_training_document_is_refused() -> None:
    held_out = next(d for d in documents(100) if hash_bucket(d.text) < 20)
    lonely = replace(held_out, label="lonely")
    others = [d for d in documents(100) if d.id != held_out.id]
    with pytest.raises(TrainingDataError, match="lonely"):
        split_documents([*others, lonely], 20)


def test_the_title_leads_the_text(tmp_path: Path) -> None:
    row = {"id": "1", "title": "Title", "text": "Body.", "label": "a"}
    file = write(tmp_path / "x.jsonl", row, {"id": "2", "text": "Bare.", "label": "b"}, "")
    assert [d.text for d in read_documents([file])] == ["Title. Body.", "Bare."]


@pytest.mark.parametrize(
    "row",
    [
        "{",
        "[]",
        '{"id": "1", "text": "no label"}',
        '{"id": 1, "text": "t", "label": "a"}',
        '{"id": "1", "text": "t", "label": "a", "slice": 3}',
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, row: str) -> None:
    file = write(tmp_path / "x.jsonl", {"id": "1", "text": "t", "label": "a"}, row)
    with pytest.raises(TrainingDataError, match=r"x\.jsonl:2"):
        read_documents([file])


def test_a_csv_says_the_same_as_json_lines(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "title": "Title", "text": "Two\nlines, a comma", "label": "a", "slice": "x"},
        {"id": "2", "text": 'a "quote"', "label": "b"},
        {"text": "no name", "label": "b"},
    ]
    lines = write(tmp_path / "x.jsonl", *rows)
    table = tmp_path / "x.csv"
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, ["label", "text", "id", "title", "slice", "more"])
        writer.writeheader()
        writer.writerows(rows)
    assert channel_files(tmp_path) == [table, lines]
    assert read_documents([table])[:2] == read_documents([lines])[:2]
    assert [read_documents([file])[2].id for file in (table, lines)] == ["x.csv:5", "x.jsonl:3"]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("text\nt\n", r"x\.csv:1: the header lacks label"),
        ("", r"x\.csv:1: the header lacks text and label"),
        ("text,label\nt,a\n,a\n", r"x\.csv:3: .*text must be a string"),
        ('text,label\n"t\nu",a\nt,a,b\n', r"x\.csv:4: more fields"),
        ('text,label\nt,a\n"t"u,a\n', r"x\.csv:3: "),
    ],
    ids=["no label", "empty", "an empty text", "one field too many", "a stray quote"],
)
def test_a_bad_row_is_named(tmp_path: Path, text: str, where: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(TrainingDataError, match=where):
        read_documents([tmp_path / "x.csv"])


def test_an_empty_channel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"no \.jsonl or \.csv"):
        channel_files(tmp_path)


def test_the_digest_follows_the_bytes(tmp_path: Path) -> None:
    one = data_digest([write(tmp_path / "x.jsonl", "a")])
    assert one == data_digest([tmp_path / "x.jsonl"])
    assert one != data_digest([write(tmp_path / "x.jsonl", "b")])


def test_the_sample_does_not_follow_the_order() -> None:
    sample = spread_sample(documents(90), 30)
    assert sample == spread_sample(documents(90)[::-1], 30)
    assert {d.label for d in sample} == set(LABELS)


labels = st.sampled_from(LABELS)


@given(st.lists(st.tuples(labels, labels), min_size=1, max_size=60))
def test_figures_agree_with_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    truth, predicted = [t for t, _ in pairs], [p for _, p in pairs]
    figures = evaluate(truth, predicted, LABELS)
    macro = f1_score(truth, predicted, labels=LABELS, average="macro", zero_division=0)
    assert figures.accuracy == pytest.approx(accuracy_score(truth, predicted))
    assert figures.macro_f1 == pytest.approx(macro)
    assert sum(one.support for one in figures.per_class.values()) == len(pairs)


def test_parameters_come_as_strings(tmp_path: Path) -> None:
    file = write(
        tmp_path / "h.json",
        {"max_tokens": "128", "min_agreement": "0.9", "sagemaker_region": "us-east-1"},
    )
    assert read_parameters(file) == TrainingParameters(max_tokens=128, min_agreement=0.9)
    assert read_parameters(tmp_path / "absent.json") == TrainingParameters()


@pytest.mark.parametrize("values", [{"layers": "3"}, {"max_tokens": "many"}, {"method": "guess"}])
def test_wrong_parameters_are_refused(values: dict[str, str]) -> None:
    with pytest.raises(ParameterError, match=next(iter(values))):
        TrainingParameters.from_strings(values)
