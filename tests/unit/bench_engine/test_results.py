from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks.engine.case import Case, CaseFiles
from benchmarks.engine.chart import bars
from benchmarks.engine.contenders import CONTENDERS, OURS, PEAK, Contender
from benchmarks.engine.environments import LOCKS, PREFIX
from benchmarks.engine.summary import ratio_to, summarize
from benchmarks.engine.table import markdown
from benchmarks.engine.turns import Measured

KEYS = {one.key: one for one in CONTENDERS}
PEER = "ct2"
MACHINE = {"cores": 2, "processor": "P", "instructions": ["avx2"], "load_before": 0.1}


@pytest.fixture
def files(tmp_path: Path) -> CaseFiles:
    """Four texts of two classes; the reference says 0, 0, 1, 1 and the last is wrong."""
    case = Case("news", 256, ("a", "b"), 4, 40, 1, 4_000_000_000, (0, 0, 1, 0), 10)
    case.save(tmp_path)
    found = CaseFiles(tmp_path)
    assert found.case == case
    np.save(found.reference, np.eye(2, dtype=np.float32)[[0, 0, 1, 1]])
    np.savez(found.head, weight=np.eye(2, dtype=np.float32), bias=np.zeros(2))
    turned = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    np.savez(found.outputs(OURS), labels=[0, 0, 1, 1], embeddings=turned)
    np.savez(found.outputs(PEER), labels=[0, 1, 1, 1], alone=[0, 0])
    return found


def measured(key: str, seconds: list[float], failed: str | None = None) -> Measured:
    rounds: list[dict[str, Any]] = [{"seconds": value} for value in seconds]
    return Measured(KEYS[key], {"batch_size": 8}, rounds, failed)


def peak() -> Measured:
    rates = {"int8": 8.0, "bf16": 4.0, "fp32": 2.0}
    return Measured(KEYS[PEAK], {"chains": {}, "kernels": {}}, [rates, rates])


def result(files: CaseFiles, *others: Measured) -> dict[str, Any]:
    ours = measured(OURS, [1.0, 2.0, 0.8])
    found = summarize(files, [peak(), ours, measured(PEER, [2.0, 2.0, 2.0]), *others])
    return found | {"machine": MACHINE, "rounds": 3}


def test_rates_and_the_share_of_the_limit(files: CaseFiles) -> None:
    found = result(files)
    ours = found["contenders"][0]
    assert ours["documents_per_s"] == {"median": 4.0, "low": 2.0, "high": 5.0}
    assert ours["tokens_per_s"] == 40
    assert found["limit_documents_per_s"] == {"int8": 8.0, "bf16": 4.0, "fp32": 2.0}
    assert found["share_of_limit"] == {OURS: 0.5, PEER: 0.25}
    assert found["ours_over"] == {PEER: 2.0}


def test_a_precision_that_the_engine_chose_is_held_against_its_own_limit(files: CaseFiles) -> None:
    ours = measured(OURS, [4.0])
    ours.settings["chosen"] = {"precision": "fp32"}
    found = summarize(files, [peak(), ours]) | {"machine": MACHINE, "rounds": 1}
    assert found["share_of_limit"] == {OURS: 0.5}
    assert "chose fp32" in markdown([found])


def test_outputs_are_held_against_fp32_and_the_truth(files: CaseFiles) -> None:
    ours, peer = result(files)["contenders"]
    assert (ours["labels_as_fp32"], peer["labels_as_fp32"]) == (1.0, 0.75)
    assert (ours["accuracy"], ours["fp32_accuracy"], peer["accuracy"]) == (0.75, 0.75, 0.5)
    assert ours["cosine_mean"] == pytest.approx(0.95)
    assert ours["cosine_least"] == pytest.approx(0.8)
    assert peer["cosine_mean"] is None
    assert (peer["changed_alone"], peer["asked_alone"]) == (1, 2)
    assert ours["changed_alone"] is None


def test_two_are_compared_within_rounds() -> None:
    rows = [
        {"key": "x", "failed": None, "seconds": [1.0, 10.0, 1.0]},
        {"key": "y", "failed": None, "seconds": [2.0, 30.0, 2.0]},
        {"key": "z", "failed": "gone"},
    ]
    assert ratio_to(rows, "x", "y") == 2.0
    assert ratio_to(rows, "x", "z") is None


def test_who_failed_is_in_the_table_with_the_reason_and_not_in_the_chart(files: CaseFiles) -> None:
    found = result(files, measured("fastembed", [], failed="no wheel"))
    lines = markdown([found]).splitlines()
    assert lines[-1] == "| fastembed | failed: no wheel |"
    assert "50% of it" in markdown([found])
    assert "| 1 of 2 |" in markdown([found])
    rows = [line.split(" | ")[0] for line in lines if line.startswith("| **") or "CTr" in line]
    assert rows == ["| **Twolane's engine**", "| CTranslate2 int8"]
    assert "fastembed" not in bars([found])


def test_the_chart_is_well_formed_and_holds_a_panel_a_case(files: CaseFiles) -> None:
    one = result(files)
    drawn = ElementTree.fromstring(bars([one, one | {"max_tokens": 512}]))  # noqa: S314
    texts = [node.text or "" for node in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert "news, 256 tokens: documents/s" in texts
    assert "news, 512 tokens: documents/s" in texts
    assert texts.count("Twolane's engine") == 2
    assert texts.count("int8 limit 8") == 2


@pytest.mark.parametrize("one", CONTENDERS, ids=lambda one: one.key)
def test_each_peer_has_a_module_and_a_lock_that_pins_everything(one: Contender) -> None:
    workers = LOCKS.parent / "workers"
    assert (workers / f"{one.module}.py").exists()
    if one.environment.startswith(PREFIX):
        lock = LOCKS / f"{one.environment.removeprefix(PREFIX)}.lock"
        lines = lock.read_text(encoding="utf-8").splitlines()
        assert lines
        assert all("==" in line and "+" not in line for line in lines)
