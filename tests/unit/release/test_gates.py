"""The gates: each stops what it is for, says by how much, and lets the rest through."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from include.domain.release.evaluation import CHAMPION_KEY, Evaluation, parse_evaluation
from include.domain.release.gates import judge
from include.domain.release.judgement import GateResult, Judged
from include.domain.release.multiplicity import holm
from include.files.release_policy import load_gates
from tests.support.container import CONTRACT
from tests.support.evaluations import DIGEST, evaluation, figures, pair

LIMITS = load_gates(Path(__file__).parents[3] / "mlflow" / "gates.toml")
KEY = "linear"


def judged(
    found: Evaluation | None = None, usd: float = 0.1, sha256: str = "ef" * 32
) -> dict[str, GateResult]:
    found = found or evaluation({KEY: figures(), CHAMPION_KEY: figures()}, pair(KEY))
    judgement = Judged(KEY, {"cpu": found}, {"cpu": usd}, DIGEST, sha256)
    return {gate.name: gate for gate in judge(judgement, LIMITS)}


def against_champion(*pairs: Any, **changes: Any) -> dict[str, GateResult]:
    models = {KEY: figures(**changes), CHAMPION_KEY: figures()}
    return judged(evaluation(models, *(pairs or (pair(KEY),))))


def test_an_equal_model_passes_every_gate() -> None:
    gates = judged()
    assert all(gate.passed for gate in gates.values()), gates
    assert list(gates) == [
        *("labels", "accuracy", "macro_f1", "slices", "calibration"),
        *("latency", "cost", "agreement", "signature", "digest"),
    ]


@pytest.mark.parametrize(
    ("name", "pairs", "changes", "says"),
    [
        (
            "accuracy",
            [pair(KEY, accuracy_difference=-0.02, accuracy_low=-0.035)],
            {},
            "-2.00 points against the champion on 1000 documents, at worst -3.50",
        ),
        (
            "accuracy",
            [pair(KEY, accuracy_difference=0.01, accuracy_low=-0.03)],
            {},
            "missed by 2.00; it looks no worse, but there are too few documents",
        ),
        ("macro_f1", [pair(KEY, macro_f1_low=-0.04)], {}, "missed by 2.50"),
        ("calibration", [], {"ece": 0.2}, "Expected calibration error 0.200; 0.1 is allowed, exc"),
        ("latency", [], {"latency_p99_ms": 900.0}, "900.0 ms on cpu; 250 is allowed, exceeded by"),
        ("agreement", [], {"agreement": 0.9}, "labels 90.00% as the trained model does; 97.00%"),
        ("agreement", [], {"agreement": None}, "did not say"),
        ("signature", [], {"signature": False}, "does not say what goes in"),
        ("digest", [], {"data_digest": "00" * 32}, "not this release's"),
        ("digest", [], {"data_digest": None}, "names no data"),
    ],
)
def test_a_failed_gate_says_by_how_much(
    name: str, pairs: list[Any], changes: dict[str, Any], says: str
) -> None:
    gates = against_champion(*pairs, **changes)
    assert [gate.name for gate in gates.values() if not gate.passed] == [name]
    assert says in gates[name].sentence


def test_cost_and_a_missing_artifact() -> None:
    assert judged(usd=11)["cost"].sentence == (
        "$11.0000 a million documents on cpu; 10 is allowed, exceeded by 1."
    )
    assert not judged(sha256="")["digest"].passed


def test_the_slowest_hardware_and_the_cheapest_count() -> None:
    fast = evaluation({KEY: figures(), CHAMPION_KEY: figures()}, pair(KEY))
    slow = evaluation({KEY: figures(latency_p99_ms=400.0), CHAMPION_KEY: figures()}, pair(KEY))
    both = Judged(KEY, {"cpu": fast, "gpu": slow}, {"cpu": 40.0, "gpu": 2.0}, DIGEST, "ef" * 32)
    gates = {gate.name: gate for gate in judge(both, LIMITS)}
    assert "on gpu" in gates["latency"].sentence
    assert not gates["latency"].passed
    assert gates["cost"].passed
    assert gates["cost"].measured == 2.0


def in_slice(name: str, documents: int = 200, **changes: Any) -> Any:
    return pair(KEY, slice_name=name, documents=documents, **changes)


WORSE: dict[str, Any] = {
    "accuracy_difference": -0.1,
    "helpful": 2,
    "harmful": 22,
    "p_not_inferior": 2e-5,
}


def test_one_slice_that_regressed_stops_a_model_that_is_better_overall() -> None:
    better = pair(KEY, accuracy_difference=0.02, accuracy_low=0.01, macro_f1_low=0.01)
    others = [in_slice(f"label:{n}", accuracy_difference=0.03) for n in range(8)]
    gates = against_champion(better, in_slice("slice:letters", **WORSE), *others)
    assert [gate.name for gate in gates.values() if not gate.passed] == ["slices"]
    assert gates["slices"].sentence == (
        "slice:letters lost 10.00 points on 200 documents (22 answered worse, 2 better; "
        "p 0.00018 or less over all slices)."
    )


@pytest.mark.parametrize(
    "harmless",
    [
        in_slice("slice:few", documents=LIMITS.slice_min_documents - 1, **WORSE),
        in_slice("slice:chance", **{**WORSE, "p_not_inferior": 0.03}),
        in_slice("slice:small", **{**WORSE, "accuracy_difference": -0.01}),
    ],
    ids=["too few documents", "chance, among so many", "less than is tolerated"],
)
def test_a_slice_is_not_blamed_for(harmless: Any) -> None:
    others = [in_slice(f"label:{n}") for n in range(3)]
    assert against_champion(pair(KEY), harmless, *others)["slices"].passed


def test_without_a_champion_the_most_frequent_label_is_to_be_beaten() -> None:
    confusion = ((800, 0), (100, 100))
    gates = judged(evaluation({KEY: figures(accuracy=0.9, confusion=confusion)}))
    assert gates["accuracy"].passed
    assert gates["accuracy"].limit == 0.8
    assert "slices" not in gates
    poor = judged(evaluation({KEY: figures(accuracy=0.79, confusion=confusion)}))
    assert not poor["accuracy"].passed


def test_holm_adjusts_in_steps_and_never_past_one() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_containers_golden_evaluation_is_understood() -> None:
    golden = json.loads((CONTRACT / "golden" / "evaluation" / "evaluation.json").read_text())
    found = parse_evaluation(golden)
    assert found.candidates == ("cascade", "linear")
    assert found.pair("cascade", CHAMPION_KEY).documents == 24
    assert {each.slice_name for each in found.slice_pairs("linear", "cascade")} >= {
        "length:short",
        "slice:wire",
    }
    assert found.models["cascade"].answered_cheaply == 0.375
    assert found.majority_share == pytest.approx(1 / 3)


@pytest.mark.parametrize("broken", [{}, {"format": 2}, {"format": 1, "documents": 3}])
def test_another_format_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"format|evaluation"):
        parse_evaluation(broken)


def test_what_was_not_compared_is_not_made_up() -> None:
    found = evaluation({KEY: figures(), CHAMPION_KEY: figures()})
    with pytest.raises(ValueError, match="was not compared"):
        judged(replace(found, pairs=()))
