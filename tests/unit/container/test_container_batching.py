"""Batches hold every document once, within their bounds, in few shapes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.models.serving.batching import BatchPolicy, plan_batches, windows

policies = st.builds(
    BatchPolicy,
    max_tokens=st.integers(1, 300),
    budget_tokens=st.integers(1, 2000),
    length_step=st.sampled_from([1, 8, 16, 100]),
)


@st.composite
def policies_and_lengths(draw: st.DrawFn) -> tuple[BatchPolicy, list[int]]:
    policy = draw(policies)
    lengths = draw(st.lists(st.integers(0, policy.max_tokens), max_size=200))
    return policy, lengths


@given(policies_and_lengths())
def test_every_document_stands_in_exactly_one_batch(case: tuple[BatchPolicy, list[int]]) -> None:
    policy, lengths = case
    batches = plan_batches(lengths, policy)
    positions = [position for batch in batches for position in batch.positions]
    assert sorted(positions) == list(range(len(lengths)))


@given(policies_and_lengths())
def test_batches_keep_to_the_budget_and_fit_their_documents(
    case: tuple[BatchPolicy, list[int]],
) -> None:
    policy, lengths = case
    for batch in plan_batches(lengths, policy):
        rows = len(batch.positions)
        assert rows == 1 or rows * batch.length <= policy.budget_tokens
        assert all(lengths[p] <= batch.length <= policy.max_tokens for p in batch.positions)


@given(policies_and_lengths())
def test_every_shape_is_a_known_one(case: tuple[BatchPolicy, list[int]]) -> None:
    policy, lengths = case
    shapes = {(len(b.positions), b.length) for b in plan_batches(lengths, policy)}
    assert shapes <= set(policy.possible_shapes())


@given(policies_and_lengths())
def test_a_document_is_padded_alike_alone_and_in_company(
    case: tuple[BatchPolicy, list[int]],
) -> None:
    policy, lengths = case
    together = {
        position: batch.length
        for batch in plan_batches(lengths, policy)
        for position in batch.positions
    }
    alone = {p: plan_batches([n], policy)[0].length for p, n in enumerate(lengths)}
    assert together == alone


def test_the_default_policy_has_a_bounded_number_of_shapes() -> None:
    assert len(list(BatchPolicy(256).possible_shapes())) == 71


def test_a_document_over_the_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="document 1 has 9 tokens, over 8"):
        plan_batches([8, 9], BatchPolicy(8))


@pytest.mark.parametrize("field", ["max_tokens", "budget_tokens", "length_step"])
def test_a_policy_of_zero_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        BatchPolicy(**{"max_tokens": 8, field: 0})


@given(st.lists(st.integers()), st.integers(1, 50))
def test_windows_are_a_partition_in_order(items: list[int], size: int) -> None:
    cut = list(windows(items, size))
    assert [item for window in cut for item in window] == items
    assert all(0 < len(window) <= size for window in cut)
