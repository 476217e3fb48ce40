"""The benchmark's simulation, on synthetic documents: its counts, and what it finds."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.drift.answers import Corpora
from benchmarks.drift.simulation import delays, without_drift
from benchmarks.drift.table import page, summary
from include.domain.drift.policy import DriftPolicy
from include.pipeline.drift.document_features import feature_rows
from tests.support.drifting import VECTORS, documents

POLICY = DriftPolicy(reference_days=4, reference_documents=100)


@pytest.fixture(scope="module")
def corpora() -> Corpora:
    random = np.random.default_rng(5)
    served = documents(random, 1_500)
    other = feature_rows(documents(random, 200, {"Else": 1.0}), VECTORS)
    return Corpora(
        feature_rows(documents(random, 1_500), VECTORS),
        feature_rows(served, VECTORS),
        tuple(str(each.label) for each in served),
        other,
        other,
    )


@pytest.mark.parametrize("is_restless", [False, True])
def test_accounts_that_do_not_drift_raise_no_alarm(corpora: Corpora, is_restless: bool) -> None:
    alarms, tests = without_drift(
        corpora, corpora.training.sketch(), POLICY, accounts=5, nights=7, is_restless=is_restless
    )

    assert alarms.account_days == {"training": 20, "own": 15}
    assert alarms.nights == len(tests) == 7
    assert sum(alarms.alarms.values()) <= 1


def test_a_whole_shift_is_found_the_first_night_and_a_small_one_later(corpora: Corpora) -> None:
    training = corpora.training.sketch()
    _, others = without_drift(corpora, training, POLICY, accounts=2, nights=7, is_restless=False)

    found = {
        strange: delays(
            corpora,
            training,
            POLICY,
            others,
            strange=strange,
            day_size=100,
            accounts=2,
            is_restless=False,
        )
        for strange in (1.0, 0.0)
    }

    assert found[1.0] == {"alarm": [100] * 2, "major": [100] * 2}
    assert found[0.0] == {"alarm": [None] * 2, "major": [None] * 2}


def test_results_are_summed_up_and_told() -> None:
    delay = {"found": 0.75, "median_documents": 200, "p90_documents": 300}
    assert summary([100, 200, 300, None]) == delay
    assert summary([None]) == {"found": 0.0, "median_documents": None, "p90_documents": None}
    counts = {"account_days": {"own": 200}, "alarms": {"own": 1}}
    row = {"accounts": "steady", "is_cut": True, "share": 0.5, "documents_a_day": 100}

    text = page(
        {
            "documents": "a.jsonl",
            "other": "b.jsonl",
            "machine": {"measured_at": "2026-03-01T00:00:00+00:00"},
            "false_alarms": {"steady": counts | {"nights": 20, "nights_with_alarm": 1}},
            "delays": [row | {"alarm": delay, "major": summary([None])}],
            "accounts_each": 4,
            "beside": 10,
            "nights": 20,
        }
    )

    assert "| steady | own | 200 | 1 | 0.50% | 1 of 20 |" in text
    assert "| steady | 50%, cut | 100 | 75%: 200 (300) documents | not found |" in text
