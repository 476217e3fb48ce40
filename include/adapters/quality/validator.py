"""Great Expectations over one table in memory.

The one module that knows its interface. Importing it takes a second or more.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import great_expectations as gx
import numpy as np
import pandas as pd
from great_expectations.data_context.types.base import ProgressBarsConfig

from include.adapters.quality.suites import SuiteFile
from include.domain.errors import TwolaneError

RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "exclude_unexpected_values": True,
    "partial_unexpected_count": 0,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One expectation over one table.

    Attributes:
        evaluated_count: values looked at; those missing are not.
        unexpected_positions: rows that failed, in order.
    """

    evaluated_count: int
    unexpected_positions: tuple[int, ...]


class SuiteValidator:
    """Validates tables with one suite, in an ephemeral context of its own.

    Great Expectations is not safe to share between threads, so one validation runs at a time.
    """

    def __init__(self, suite: SuiteFile) -> None:
        """Make the context, which takes some milliseconds.

        Raises:
            TwolaneError: Great Expectations refuses an expectation of the suite.
        """
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        self._rules = suite.rules
        self._suite = gx.ExpectationSuite(**suite.configuration)
        if len(self._suite.expectations) != len(suite.rules):
            # It logs and drops an expectation it does not understand.
            raise TwolaneError(
                f"suite {suite.name}: Great Expectations took {len(self._suite.expectations)} of "
                f"{len(suite.rules)} expectations"
            )
        asset = context.data_sources.add_pandas(suite.name).add_dataframe_asset("shard")
        self._batches = asset.add_batch_definition_whole_dataframe("whole")
        self._lock = threading.Lock()

    def validate(
        self, columns: Mapping[str, Sequence[object]], parameters: Mapping[str, object]
    ) -> dict[str, Outcome]:
        """Return the outcome of each rule by its name.

        Args:
            columns: equally long sequences by column name; None is a missing value. Text must be
                encodable as UTF-8.
            parameters: values of the suite's `$PARAMETER`s.

        Raises:
            TwolaneError: an expectation could not be evaluated.
        """
        table = pd.DataFrame({name: _series(values) for name, values in columns.items()})
        with self._lock:
            batch = self._batches.get_batch(batch_parameters={"dataframe": table})
            validation = batch.validate(
                self._suite, result_format=RESULT_FORMAT, expectation_parameters=dict(parameters)
            )
        outcomes = {}
        for result in validation.results:
            name = result.expectation_config.meta["name"] if result.expectation_config else ""
            if "unexpected_index_list" not in result.result:
                raise TwolaneError(
                    f"expectation {name} could not be evaluated: {_exception(result)}"
                )
            outcomes[name] = _outcome(result.result)
        return outcomes


def _series(values: Sequence[object]) -> pd.Series[Any]:
    """Return numbers as `float64`, None becoming NaN; all else stays as it is."""
    is_number = any(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    array = np.array(values, dtype="float64" if is_number else "object")
    return pd.Series(array, dtype=array.dtype)


def _outcome(result: Mapping[str, Any]) -> Outcome:
    return Outcome(
        evaluated_count=result["element_count"] - result.get("missing_count", 0),
        unexpected_positions=tuple(sorted(result["unexpected_index_list"])),
    )


def _exception(result: Any) -> str:
    """Return the message of a failed evaluation; it is nested by metric, or not."""
    info = result.exception_info or {}
    entries = [info, *(entry for entry in info.values() if isinstance(entry, dict))]
    messages = (entry.get("exception_message") for entry in entries)
    return next((message for message in messages if message), "no reason given")
