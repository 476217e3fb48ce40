"""The proposal: the cheapest candidate that is shown to be no worse than the best."""

from __future__ import annotations

import pytest

from include.domain.release.proposal import Proposal, propose, usd_per_million_documents
from tests.support.evaluations import evaluation, figures, pair

LINEAR = figures(accuracy=0.88, documents_per_s=50_000.0)
CASCADE = figures(accuracy=0.914, documents_per_s=1_700.0)
FINE_TUNE = figures(accuracy=0.915, documents_per_s=440.0)


def proposed(cascade_low: float = -0.003, linear_low: float = -0.045) -> Proposal:
    found = evaluation(
        {"linear": LINEAR, "fine-tune": FINE_TUNE, "cascade": CASCADE, "champion": FINE_TUNE},
        pair("linear", "fine-tune", accuracy_low=linear_low),
        pair("cascade", "fine-tune", accuracy_low=cascade_low),
    )
    return propose(found, price_usd_per_h=0.36, margin=0.005, is_emulated=True)


def test_the_cheapest_within_the_margin_is_proposed() -> None:
    proposal = proposed()
    assert (proposal.key, proposal.best) == ("cascade", "fine-tune")
    assert [each.key for each in proposal.contenders] == ["linear", "cascade", "fine-tune"]
    assert "at most 0.30 points behind fine-tune with 95% confidence" in proposal.reason
    assert "(emulated)" in proposal.reason


def test_a_cheaper_one_yet_is_taken_where_it_is_shown_to_do() -> None:
    assert proposed(linear_low=-0.005).key == "linear"


def test_doubt_favours_the_best() -> None:
    proposal = proposed(cascade_low=-0.006)
    assert proposal.key == proposal.best == "fine-tune"
    assert "of the cheaper ones (linear, cascade) none is shown" in proposal.reason


def test_the_champion_is_no_candidate() -> None:
    assert "champion" not in {each.key for each in proposed().contenders}
    with pytest.raises(ValueError, match="candidate"):
        propose(evaluation({"champion": LINEAR}), price_usd_per_h=1, margin=0.01, is_emulated=False)


def test_cost_follows_from_rate_and_price() -> None:
    assert usd_per_million_documents(1000.0, 3.6) == pytest.approx(1.0)
