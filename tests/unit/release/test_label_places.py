"""Labels of a picture's points: none covers another or a point, however near the points are."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from include.adapters.pictures.placing import Box, place

FRAME = Box(60, 40, 740, 440)
SIZE = (150.0, 26.0)
ROOM = 12

pixels = st.tuples(st.floats(FRAME.left, FRAME.right), st.floats(FRAME.bottom, FRAME.top))


def marker(x: float, y: float) -> Box:
    return Box.around(x, y, 14, 14)


@given(st.lists(pixels, max_size=ROOM))
def test_no_label_covers_another_or_a_point(at: list[tuple[float, float]]) -> None:
    points = [marker(*each) for each in at]
    labels = place(points, [SIZE] * len(points), FRAME)
    assert not any(one.overlaps(other) for one, other in combinations(labels, 2))
    assert not any(label.overlaps(point) for label in labels for point in points)
    assert [(round(each.right - each.left), round(each.top - each.bottom)) for each in labels] == [
        (150, 26)
    ] * len(points)


def test_a_point_alone_has_its_label_right_above_it() -> None:
    (label,) = place([marker(400, 200)], [SIZE], FRAME)
    assert label.x == 400
    assert 0 < label.bottom - 207 < 10


def test_three_points_at_one_place_keep_their_labels_in_the_frame() -> None:
    labels = place([marker(700, 400)] * 3, [SIZE] * 3, FRAME)
    assert all(each.is_within(FRAME) for each in labels)


def test_a_frame_without_room_is_stacked_above() -> None:
    low = Box(0, 0, 200, 30)
    labels = place([marker(100, 15)] * 4, [SIZE] * 4, low)
    assert all(each.bottom > low.top for each in labels)
    assert not any(one.overlaps(other) for one, other in combinations(labels, 2))
