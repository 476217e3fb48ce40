"""Alarms: M out of N datapoints, and what missing ones mean."""

import dataclasses

import pytest

from local_aws.alarms.evaluation import ALARM, NO_DATA, OK, AlarmRule, evaluate

RULE = AlarmRule(
    name="a",
    namespace="n",
    metric="m",
    dimensions=(),
    statistic="Average",
    period_s=60,
    evaluation_periods=3,
    datapoints_to_alarm=3,
    threshold=1.0,
    comparison="GreaterThanOrEqualToThreshold",
    missing="missing",
    state=OK,
    actions={},
)


@pytest.mark.parametrize(
    ("values", "changes", "state"),
    [
        ([1, 1, 1], {}, ALARM),
        ([1, 0, 1], {}, OK),
        ([1, 0, 1], {"datapoints_to_alarm": 2}, ALARM),
        ([None, None, None], {}, NO_DATA),
        ([None, None, None], {"missing": "ignore"}, OK),
        ([None, None, None], {"missing": "breaching"}, ALARM),
        ([None, None, None], {"missing": "notBreaching", "state": ALARM}, OK),
        ([1, 1, None], {}, OK),
        ([1, 1, None], {"state": ALARM}, NO_DATA),
        ([1, 1, None], {"state": ALARM, "missing": "ignore"}, ALARM),
        ([0, 1, None], {"state": ALARM}, OK),
        ([None, None, 0], {"state": NO_DATA}, OK),
        ([0.5, 0.9, 0.0], {"comparison": "LessThanThreshold"}, ALARM),
    ],
)
def test_the_state_follows_from_the_periods(
    values: list[float | None], changes: dict[str, object], state: str
) -> None:
    rule = dataclasses.replace(RULE, **changes)  # type: ignore[arg-type]

    assert evaluate(rule, values).state == state


def test_the_newest_datapoint_is_told() -> None:
    assert evaluate(RULE, [3, 2, None]).value == 2
    assert evaluate(RULE, [None, None, None]).value is None


def test_anomaly_bands_are_not_evaluated() -> None:
    rule = dataclasses.replace(RULE, comparison="GreaterThanUpperThreshold")
    with pytest.raises(ValueError, match="not evaluated here"):
        evaluate(rule, [1])
