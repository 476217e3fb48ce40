"""Wall-clock time for records."""

import time


def now_s() -> float:
    """Epoch seconds with milliseconds, as AWS prints timestamps in JSON."""
    return round(time.time(), 3)
