"""Whose fault a failure is: the lane's, which its breaker counts, or the batch's."""

from __future__ import annotations

import re

from include.domain.errors import EndpointUnavailable, JobFailed, JobStopped
from include.domain.lane_health.breaker_state import Verdict

_OWN_FAULT = re.compile(r"\b(ClientError|AlgorithmError|ValidationException|ValidationError)\b")
"""SageMaker's words for a job that failed through its request, its data or its own code."""

_KILLED = re.compile(r"exit code: (137|143)\b")
"""A container that was killed or terminated, as a shell reports SIGKILL and SIGTERM."""


def verdict_of(error: Exception) -> Verdict:
    """Return what an error at a lane says of the lane.

    An endpoint that does not answer and a job that SageMaker could not carry out are failures of
    the lane. A job that was stopped, and one that failed by its own code or data, are neutral:
    they would fail on any lane. So is whatever is no error of a lane at all.
    """
    match error:
        case JobStopped():
            return Verdict.NEUTRAL
        case JobFailed():
            text = str(error)
            is_own = _OWN_FAULT.search(text) and not _KILLED.search(text)
            return Verdict.NEUTRAL if is_own else Verdict.FAILURE
        case EndpointUnavailable():
            return Verdict.FAILURE
        case _:
            return Verdict.NEUTRAL
