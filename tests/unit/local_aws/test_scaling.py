"""What a scaling policy asks for."""

import pytest

from local_aws.autoscaling.scaling import bounded, step_capacity, tracking_capacity


def steps(kind: str, *bounds: tuple[float | None, float | None, int]) -> dict[str, object]:
    adjustments = []
    for low, high, adjustment in bounds:
        step: dict[str, float] = {"ScalingAdjustment": adjustment}
        if low is not None:
            step["MetricIntervalLowerBound"] = low
        if high is not None:
            step["MetricIntervalUpperBound"] = high
        adjustments.append(step)
    return {"AdjustmentType": kind, "StepAdjustments": adjustments}


@pytest.mark.parametrize(
    ("kind", "adjustment", "current", "wanted"),
    [
        ("ChangeInCapacity", 1, 0, 1),
        ("ChangeInCapacity", -2, 5, 3),
        ("ExactCapacity", 4, 1, 4),
        ("PercentChangeInCapacity", 25, 10, 12),
        ("PercentChangeInCapacity", 10, 2, 3),
        ("PercentChangeInCapacity", -10, 2, 1),
    ],
)
def test_a_step_changes_capacity_as_its_type_says(
    kind: str, adjustment: int, current: int, wanted: int
) -> None:
    assert step_capacity(steps(kind, (0, None, adjustment)), current, 0.0) == wanted


def test_the_step_is_chosen_by_the_breach() -> None:
    config = steps("ChangeInCapacity", (None, -10, -2), (-10, 0, -1), (0, 10, 1), (10, None, 2))

    wanted = [step_capacity(config, 5, breach) for breach in (-11, -10, -1, 0, 9, 10, 99)]

    assert wanted == [3, 3, 4, 6, 6, 7, 7]


def test_no_step_covers_a_breach_outside_all() -> None:
    assert step_capacity(steps("ChangeInCapacity", (0, 10, 1)), 5, 10.0) is None


def test_tracking_asks_for_what_brings_the_metric_to_its_target() -> None:
    assert tracking_capacity(target_value=5, metric=27, current=1) == 6
    assert tracking_capacity(target_value=5, metric=1, current=4) == 1
    assert tracking_capacity(target_value=5, metric=0, current=4) == 0


def test_limits_hold() -> None:
    assert [bounded(count, 1, 3) for count in (0, 2, 9)] == [1, 2, 3]
