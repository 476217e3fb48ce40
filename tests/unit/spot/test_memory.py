import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from include.domain.spot.memory import AGE_EDGES_S, SpotMemory, age_bin

looks = st.lists(st.tuples(st.floats(0.1, 1e5), st.none() | st.booleans()), max_size=40)


def remembered(steps):
    memory, now = SpotMemory(), 0.0
    for seconds, is_available in steps:
        now += seconds
        memory = memory.look(now, is_available)
    return memory


@given(looks)
def test_what_is_remembered_survives_json(steps):
    memory = remembered(steps)
    assert SpotMemory.from_json(json.loads(json.dumps(memory.to_json()))) == memory


@given(looks)
def test_every_second_seen_and_every_change_is_counted_once(steps):
    memory = remembered(steps)
    seen, now, first = [], 0.0, None
    for seconds, is_available in steps:
        now += seconds
        if is_available is not None:
            seen.append(is_available)
            first = now if first is None else first
    exposure_s = sum(memory.up.exposure_s) + sum(memory.down.exposure_s)
    assert abs(exposure_s - (memory.seen_s - (first or 0.0))) < 1e-6 * (1 + exposure_s)
    assert sum(memory.up.ends) == sum(a and not b for a, b in pairwise(seen))
    assert sum(memory.down.ends) == sum(b and not a for a, b in pairwise(seen))


def test_a_second_look_at_the_same_instant_changes_nothing():
    memory = SpotMemory().look(0, True).look(60, True)
    assert memory.look(60, True) == memory
    assert memory.look(60, False) == memory


def test_ages_fall_into_bins_of_doubling_width():
    assert age_bin(0) == 0
    assert age_bin(AGE_EDGES_S[0]) == 1
    assert age_bin(1e9) == len(AGE_EDGES_S)
