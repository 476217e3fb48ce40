"""Which accounts and documents a comparison takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from include.domain.comparison.comparison import Comparison, Kind, Plan, new_comparison
from include.domain.model_ref import ModelRef

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CHAMPION = ModelRef("news-topic", "1", "d" * 64)
CHALLENGER = ModelRef("news-topic", "2", "e" * 64)


def comparison(account_share: float = 0.2, at: datetime = AT) -> Comparison:
    kind = Kind.CANARY if account_share else Kind.SHADOW
    plan = Plan(kind, account_share=account_share, document_share=0.1)
    return new_comparison(plan, CHAMPION, CHALLENGER, started_by="someone", at=at)


def taken(of: Comparison) -> set[str]:
    return {account for n in range(4000) if of.takes_account(account := f"account-{n}")}


def test_about_the_share_of_accounts_is_taken() -> None:
    assert 0.18 < len(taken(comparison(0.2))) / 4000 < 0.22
    assert taken(comparison(0)) == set()
    assert len(taken(comparison(1))) == 4000


def test_an_account_stays_on_its_side_and_a_wider_share_keeps_those_it_had() -> None:
    assert taken(comparison(0.2)) == taken(comparison(0.2))
    assert taken(comparison(0.2)) < taken(comparison(0.5))


def test_the_next_comparison_splits_anew() -> None:
    first, second = taken(comparison(0.5)), taken(comparison(0.5, AT + timedelta(seconds=1)))

    assert 0.4 < len(first & second) / len(first) < 0.6


def test_a_document_of_a_batch_is_taken_or_not_whoever_asks() -> None:
    one = comparison(0)
    documents = [f"d{n}" for n in range(2000)]
    first = [one.takes_document("b-1", each, 0.3) for each in documents]

    assert first == [one.takes_document("b-1", each, 0.3) for each in documents]
    assert first != [one.takes_document("b-2", each, 0.3) for each in documents]
    assert 500 < sum(first) < 700


def test_the_other_version_is_the_one_that_did_not_answer() -> None:
    assert comparison().other("1") == CHALLENGER
    assert comparison().other("2") == CHAMPION
    with pytest.raises(ValueError, match="no version 3"):
        comparison().other("3")


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": Kind.SHADOW, "account_share": 0.1},
        {"kind": Kind.CANARY, "account_share": 0.0},
        {"account_share": 1.5},
        {"document_share": 0.0},
        {"level": 0.0},
        {"level": 5e-324},
        {"margin": 1.0},
        {"margin": 1e-17},
        {"budget_usd": 0.0},
        {"days": -1.0},
        {"days": 1e7},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    values = {"kind": Kind.CANARY, "account_share": 0.1, "document_share": 0.1} | changes
    with pytest.raises(ValueError, match=r"out of range|cannot have"):
        Plan(**values)  # type: ignore[arg-type]


def test_a_version_is_not_compared_with_itself_or_with_another_model() -> None:
    plan = Plan(Kind.SHADOW, 0.0, 0.1)
    for other in (ModelRef("news-topic", "3", CHAMPION.digest), ModelRef("other", "2", "e" * 64)):
        with pytest.raises(ValueError, match=r"the same artifact|two models"):
            new_comparison(plan, CHAMPION, other, started_by="someone", at=AT)
