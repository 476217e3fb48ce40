"""Candidates and their trials, and the files that say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.domain.errors import ReleaseFailed
from include.domain.release.candidates import best_trial, select
from include.domain.release.catalog import CANDIDATES
from include.files.release_policy import load_candidates, load_gates

POLICY = Path(__file__).parents[3] / "mlflow"
PLAN = load_candidates(POLICY / "candidates.toml")


def test_the_products_file_has_every_candidate_of_the_catalogue() -> None:
    assert {spec.key for spec in PLAN.candidates} == set(CANDIDATES)


def test_each_combination_of_the_search_is_a_trial() -> None:
    found = select(PLAN, ["frozen"], fit_documents=5000, parameters={"model_name": "topics"})
    assert [trial.name for trial in found.trials] == ["frozen-1", "frozen-2"]
    assert [trial.parameters["max_tokens"] for trial in found.trials] == ["128", "256"]
    assert {trial.parameters["model_name"] for trial in found.trials} == {"topics"}
    assert {trial.parameters["method"] for trial in found.trials} == {"frozen"}


def test_what_a_release_is_told_is_not_searched() -> None:
    told = {"max_tokens": "512", "max_characters": "5120"}
    found = select(PLAN, ["linear", "frozen"], fit_documents=5000, parameters=told)
    reads = {trial.name: trial.parameters["max_tokens"] for trial in found.trials}
    assert reads == {"linear-1": "2048", "linear-2": "2048", "frozen": "512"}


def test_jobs_fit_on_nothing_that_is_tested_or_validated() -> None:
    found = select(PLAN, [], fit_documents=5000, parameters={"held_out_percent": "1"})
    told = {trial.parameters["held_out_percent"] for trial in found.trials}
    assert told == {str(PLAN.test_percent + PLAN.validation_percent)}


def test_a_part_brings_the_job_that_makes_it_and_not_its_candidate() -> None:
    found = select(PLAN, ["cascade"], fit_documents=5000, parameters={})
    assert found.candidates == ("cascade",)
    assert [trial.candidate for trial in found.trials] == ["fine-tune"]


def test_too_few_documents_leave_a_candidate_and_its_parts_out() -> None:
    found = select(PLAN, [], fit_documents=400, parameters={})
    assert found.candidates == ("linear", "frozen")
    assert set(found.left_out) == {"fine-tune", "cascade"}
    with pytest.raises(ValueError, match="no candidate is left"):
        select(PLAN, ["cascade"], fit_documents=400, parameters={})


def test_an_unknown_candidate_is_named() -> None:
    with pytest.raises(ValueError, match="no candidate forest; known are linear"):
        select(PLAN, ["forest"], fit_documents=400, parameters={})


def test_the_best_trial_goes_on_and_the_first_of_equals() -> None:
    assert best_trial({"a": 0.8, "b": 0.9, "c": 0.9}, ["a", "b", "c"]) == "b"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("test_percent = 20", "test_percent = 0"), "test_percent"),
        (("margin = 0.005", "margins = 0.005"), "margins"),
        (('part_of = "fine-tune"', 'part_of = "forest"'), "which is not trained"),
        (('lane = "processing"', 'lane = "teleport"'), "lane"),
        (('lane = "processing"', 'lane = "serverless"'), "no job runs on a serverless"),
        (('method = "linear"', ""), "either method and instance_type"),
        (("[hardware.gpu]", "[hardware.gpu_t4]"), "hardware.gpu_t4.*match pattern"),
        (("[hardware.gpu]", "[hardware.gpu-of-a-transform]"), "at most 9 characters"),
        (("[candidates.frozen]", "[candidates.frozen-encoder]"), "at most 9 characters"),
    ],
)
def test_a_wrong_candidates_file_is_refused(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    text = (POLICY / "candidates.toml").read_text()
    assert change[0] in text
    path = tmp_path / "candidates.toml"
    path.write_text(text.replace(*change, 1))
    with pytest.raises(ReleaseFailed, match=f"(?s){complaint}"):
        load_candidates(path)


def test_a_gate_without_its_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gates.toml"
    path.write_text((POLICY / "gates.toml").read_text().replace("max_ece = 0.10", ""))
    with pytest.raises(ReleaseFailed, match="max_ece"):
        load_gates(path)
