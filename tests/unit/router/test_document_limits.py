from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.domain.curves.calibration import TIME_OVER, Shape, Tried
from include.domain.curves.document_limits import DocumentLimit, limits_after, most_documents
from include.domain.curves.lane_curve import LaneCurve
from include.domain.errors import NoFeasibleLane
from include.domain.lanes import Lane
from include.domain.placement.routing import place
from tests.support.batches import profile

LANE = profile(Lane.TRANSFORM, tokens_per_s=1e6, max_instances=4)
SPARE = profile(Lane.PROCESSING, price_usd_per_h=99.0)
LIMITS = (DocumentLimit(50, None), DocumentLimit(100, 1_000), DocumentLimit(400, 200))


def tried(documents: int, failure: str = "", memory: float | None = None) -> Tried:
    return Tried(Shape(100, documents), 1.0, 1.0, 0.001, failure, memory)


def placed(documents, document_tokens, lanes=(LANE, SPARE), limits=LIMITS):
    curves = {each.lane: LaneCurve.assumed(each, "m") for each in lanes}
    curves[LANE.lane] = replace(curves[LANE.lane], limits=limits)
    return place(
        documents=documents,
        tokens=documents * document_tokens,
        time_left_s=1e6,
        profiles=lanes,
        loading_s=0,
        curves=curves,
    )


@pytest.mark.parametrize(
    ("document_tokens", "most"), [(10, None), (50, None), (51, 1_000), (101, 200), (800, 100)]
)
def test_a_length_takes_the_limit_of_the_next_longer_that_was_tried(document_tokens, most):
    assert most_documents(LIMITS, document_tokens) == most


def test_without_a_calibration_there_is_no_limit():
    assert most_documents((), 100) is None


def test_what_failed_above_what_went_well_is_the_limit():
    assert limits_after((), [tried(100), tried(1_000, "killed"), tried(300)]) == (
        DocumentLimit(100, 300),
    )
    assert limits_after((), [tried(100, "no such model")]) == (DocumentLimit(100, None),)
    assert limits_after((), [tried(100), tried(1_000, f"job: {TIME_OVER}; stopped")]) == (
        DocumentLimit(100, None),
    )


def test_memory_that_grows_is_a_limit_before_anything_fails():
    assert limits_after((), [tried(100, memory=0.25), tried(200, memory=0.5)]) == (
        DocumentLimit(100, 340),
    )
    assert limits_after((), [tried(100, memory=0.2), tried(200, memory=0.2)]) == (
        DocumentLimit(100, None),
    )


def test_room_for_many_times_what_was_tried_is_no_limit():
    ups_and_downs = [tried(1_000, memory=0.050), tried(4_000, memory=0.055)]
    assert limits_after((), ups_and_downs) == (DocumentLimit(100, None),)


def test_a_limit_stays_until_a_calibration_meets_another_or_goes_beyond_it():
    known = (DocumentLimit(100, 500), DocumentLimit(400, 9))
    assert limits_after(known, [tried(100)]) == known
    assert limits_after(known, [tried(100), tried(400, "killed")])[0].documents == 100
    beyond = (DocumentLimit(100, None), DocumentLimit(400, 9))
    assert limits_after(known, [tried(100), tried(1_000)]) == beyond


@given(st.integers(1, 10_000), st.integers(1, 1_000))
def test_no_instance_is_given_more_documents_than_fit(documents, document_tokens):
    placement = placed(documents, document_tokens)
    most = most_documents(LIMITS, document_tokens)
    if placement.lane is LANE.lane:
        assert placement.instance_count <= LANE.max_instances
        assert most is None or documents <= most * placement.instance_count
    else:
        assert most is not None
        assert documents > most * LANE.max_instances
        assert "transform has room for" in placement.reason


def test_a_batch_is_spread_over_the_instances_that_it_fits_on():
    assert [placed(count, 100).instance_count for count in (1_000, 1_001, 4_000)] == [1, 2, 4]
    with pytest.raises(NoFeasibleLane, match="room for 1,000 documents of about 100 tokens"):
        placed(4_001, 100, lanes=(LANE,))
