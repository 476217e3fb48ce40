"""Metrics that a scenario keeps back, or repeats as they last were."""

from collections.abc import Sequence

from local_aws.faults.registry import Faults
from local_aws.faults.scenario import FaultKind, Target

_Dimensions = tuple[tuple[str, str], ...]


class StaleMetrics:
    """Decides what is published in the place of a metric's values."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._last: dict[tuple[str, str, _Dimensions], Sequence[float]] = {}

    def values(
        self, namespace: str, name: str, values: Sequence[float], dimensions: _Dimensions
    ) -> Sequence[float]:
        """The values to publish: the true ones, those before the fault, or none."""
        key = (namespace, name, dimensions)
        resource = dimensions[0][1] if dimensions else ""
        fault = self._faults.hit(FaultKind.STALE_METRIC, Target(metric=name, resource=resource))
        if fault is None:
            self._last[key] = values
            return values
        return self._last.get(key, ()) if fault.mode == "freeze" else ()
