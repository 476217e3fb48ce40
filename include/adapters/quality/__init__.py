"""The quality gate: Great Expectations, in the process that asks."""

from include.adapters.quality.gate import GreatExpectationsGate

__all__ = ["GreatExpectationsGate"]
