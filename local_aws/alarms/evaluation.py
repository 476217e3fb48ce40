"""One alarm over its last periods: M out of N datapoints, and what missing ones mean.

Follows "Using Amazon CloudWatch alarms" of the CloudWatch User Guide. Simplified where AWS looks
back over more periods than it evaluates, to make up for missing ones: here the evaluated periods
alone decide, and with too few of them an alarm is over.
"""

import dataclasses
import operator
from collections.abc import Callable, Mapping, Sequence

OK, ALARM, NO_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclasses.dataclass(frozen=True)
class AlarmRule:
    """A metric alarm, as DescribeAlarms tells it.

    Attributes:
        datapoints_to_alarm: M of ``evaluation_periods``, N.
        missing: ``missing``, ``ignore``, ``breaching`` or ``notBreaching``.
        actions: ARNs by the state that calls for them; empty where actions are disabled.
    """

    name: str
    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str
    period_s: int
    evaluation_periods: int
    datapoints_to_alarm: int
    threshold: float
    comparison: str
    missing: str
    state: str
    actions: Mapping[str, tuple[str, ...]]

    @property
    def is_for_scaling(self) -> bool:
        """Whether one of its actions is a scaling policy."""
        return any(":scalingPolicy:" in arn for arns in self.actions.values() for arn in arns)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """An evaluation's outcome; ``value`` is the newest datapoint, None where there is none."""

    state: str
    reason: str
    value: float | None


def evaluate(rule: AlarmRule, values: Sequence[float | None]) -> Verdict:
    """Judge the last N periods, oldest first, None where a period has no data.

    Raises:
        ValueError: a comparison that needs an anomaly band.
    """
    if rule.comparison not in _COMPARISONS:
        raise ValueError(f"alarm {rule.name}: {rule.comparison} is not evaluated here")
    compare = _COMPARISONS[rule.comparison]
    present = [value for value in values if value is not None]
    missing = len(values) - len(present)
    breaching = sum(1 for value in present if compare(value, rule.threshold))
    if rule.missing == "breaching":
        breaching, missing = breaching + missing, 0
    elif rule.missing == "notBreaching":
        missing = 0
    state = _state(rule, breaching, missing, has_data=len(present) > 0)
    newest = present[-1] if present else None
    reason = (
        f"{breaching} out of the last {len(values)} datapoints {present} breached the threshold "
        f"({rule.comparison} {rule.threshold}); {missing} missing."
    )
    return Verdict(state, reason, newest)


def _state(rule: AlarmRule, breaching: int, missing: int, *, has_data: bool) -> str:
    if breaching >= rule.datapoints_to_alarm:
        return ALARM
    if not has_data and missing:
        return rule.state if rule.missing == "ignore" else NO_DATA
    if breaching + missing < rule.datapoints_to_alarm:
        return OK
    # Undecided: an alarm does not outlive the data that raised it.
    is_carried = rule.state != ALARM or rule.missing == "ignore"
    return rule.state if is_carried else NO_DATA
