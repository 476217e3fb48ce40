import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.errors import BudgetExceeded
from include.domain.money.budgets import ALL_ACCOUNTS, Budget, Spending, Standing, judge
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.money.budget_gate import BudgetGate
from tests.support.batches import NOW, World, documents
from tests.support.fakes.money import FakeBudgetBook

ACCOUNT = "standard-harbor"
usd = st.floats(0, 1e6)


def world(daily_usd, charged_usd=0.0, account=ACCOUNT):
    book = FakeBudgetBook(Budget(account, daily_usd), charged_usd=charged_usd)
    return World(budgets=BudgetGate(book, lambda: NOW)), book


@given(usd, st.floats(0.01, 1), usd, usd, usd)
def test_what_is_let_in_never_exceeds_the_budget(daily, share, charged, reserved, asked):
    budget, spending = Budget("a", daily, share), Spending(charged, reserved)
    verdict = judge(budget, spending, asked)
    after = spending.total_usd + asked
    if verdict.standing is Standing.REFUSED:
        assert after >= daily
    else:
        assert after <= daily
    if verdict.standing is Standing.WITHIN:
        assert after < share * daily
    assert bool(verdict.reason) == (verdict.standing is not Standing.WITHIN)


@given(usd, usd)
def test_more_money_never_refuses_what_less_let_in(daily, asked):
    spending = Spending(1.0, 1.0)
    less, more = (judge(Budget("a", each), spending, asked) for each in (daily, daily + 1))
    assert not (less.standing is not Standing.REFUSED and more.standing is Standing.REFUSED)


@pytest.mark.parametrize(("daily", "share"), [(-1, 0.8), (1, 0), (1, 1.1)])
def test_a_budget_that_is_none_is_refused(daily, share):
    with pytest.raises(ValueError, match="budget of a"):
        Budget("a", daily, share)


def test_a_new_batch_is_not_pulled_when_the_days_money_is_spent():
    poor, book = world(1.0, charged_usd=1.0)
    with pytest.raises(BudgetExceeded, match=r"has a budget of \$1 a day: \$1 spent"):
        poor.pull(documents(3))
    assert not poor.read_store.batches
    assert len(book.turned_away) == 1, "people hear of it"
    other, _ = world(1.0, charged_usd=1.0, account="trial-lumen")
    assert other.pull(documents(3)).document_count == 3


def test_nobody_gets_in_when_the_days_money_of_all_is_spent():
    poor, book = world(1.0, charged_usd=1.0, account=ALL_ACCOUNTS)
    with pytest.raises(
        BudgetExceeded, match=r"all work together has a budget of \$1 a day: \$1 sp"
    ):
        poor.pull(documents(3))
    assert len(book.turned_away) == 1


def test_a_batch_that_was_pulled_before_the_money_was_spent_is_found_again():
    spent, book = world(1.0)
    first = spent.pull(documents(3))
    book.charged_usd = 1.0
    assert spent.pull() == first


def test_a_batch_that_would_cost_too_much_is_refused_before_it_is_placed():
    poor, book = world(1e-9)
    layout = poor.validated(documents(20))
    with pytest.raises(BudgetExceeded, match="the batch is estimated at"):
        poor.route(layout)
    assert not poor.objects.exists(layout.placement)
    assert not book.reserved


def test_money_is_set_aside_once_and_a_warning_stands_in_the_reason():
    roomy, _ = world(1e6)
    layout = roomy.validated(documents(20))
    estimate = roomy.route(layout).list_cost_usd
    tight, book = world(estimate * 1.1)
    layout = tight.validated(documents(20))
    placement = tight.route(layout)
    assert placement.reason.endswith(f"${estimate * 1.1:.4g} for today of account '{ACCOUNT}'")
    assert BatchRecords(tight.objects, layout).placement() == placement
    assert list(book.reserved.values()) == [(ACCOUNT, estimate)]
    assert tight.route(layout) == placement, "a retry asks for nothing more"
    with pytest.raises(BudgetExceeded, match="under way"):
        tight.route(tight.validated(documents(20, prefix="e"), key="run-2"))
