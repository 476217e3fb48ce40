"""Tokens are laid out so that every document can be found again."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from include.models.serving.packing import TOTAL_STEP, pack, pad

LENGTH = 16
batches = st.lists(
    st.lists(st.integers(1, 30_000), min_size=1, max_size=LENGTH), min_size=1, max_size=9
)


@given(batches)
def test_padded_rows_hold_their_documents(documents: list[list[int]]) -> None:
    feeds = pad(documents, LENGTH)
    for document, ids, mask in zip(
        documents, feeds["input_ids"], feeds["attention_mask"], strict=True
    ):
        assert ids.tolist() == document + [0] * (LENGTH - len(document))
        assert mask.tolist() == [1] * len(document) + [0] * (LENGTH - len(document))


@given(batches)
def test_packed_tokens_lie_end_to_end_with_their_positions(documents: list[list[int]]) -> None:
    feeds = pack(documents, LENGTH)
    kept = sum(map(len, documents))
    assert feeds["tokens"].shape == feeds["positions"].shape == feeds["places"].shape
    assert feeds["tokens"].shape[1] % TOTAL_STEP == 0
    assert feeds["tokens"].shape[1] - kept < TOTAL_STEP
    assert feeds["tokens"][0, :kept].tolist() == [token for d in documents for token in d]
    assert feeds["positions"][0, :kept].tolist() == [p for d in documents for p in range(len(d))]


@given(batches)
def test_rows_and_packed_tokens_lead_to_each_other(documents: list[list[int]]) -> None:
    feeds = pack(documents, LENGTH)
    rows = feeds["tokens"][0][feeds["slots"]]
    padded = pad(documents, LENGTH)
    assert np.array_equal(rows * padded["attention_mask"], padded["input_ids"])
    assert np.array_equal(feeds["mask"], padded["attention_mask"])
    kept = sum(map(len, documents))
    assert np.array_equal(rows.reshape(-1)[feeds["places"][0]][:kept], feeds["tokens"][0][:kept])
