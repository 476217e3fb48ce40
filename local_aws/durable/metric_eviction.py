"""MiniStack looks for metrics of more than two weeks at each request; here, once in ten minutes.

MiniStack 1.5.33 goes through every datum it holds to answer any request to CloudWatch. With days of
metrics that is what most of its time goes to, as each alarm asks for its metric each period.
"""

import time
from collections.abc import Callable

from ministack.services import cloudwatch

PAUSE_S = 600.0


def make_seldom() -> None:
    """Replace MiniStack's eviction by one that rests."""
    cloudwatch._evict_old_metrics = seldom(cloudwatch._evict_old_metrics)


def seldom(
    work: Callable[[], None], clock: Callable[[], float] = time.monotonic
) -> Callable[[], None]:
    """Return what does `work` when it is called for the first time, and then once a pause."""
    due_s = clock()

    def now_and_then() -> None:
        nonlocal due_s
        if clock() >= due_s:
            due_s = clock() + PAUSE_S
            work()

    return now_and_then
