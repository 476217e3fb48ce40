"""How Batch Transform is to cut objects into requests: from the data and the instance."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from include.domain.execution.jobs import TransformSizing

MAX_PRODUCT_MB = 100
"""`MaxConcurrentTransforms` × `MaxPayloadInMB` may not pass it, as AWS has it."""

COMFORTABLE_MB = 6
"""A request larger than SageMaker's default gains nothing and holds memory in the container."""

REQUESTS_PER_SLOT = 2
"""An object is cut into so many requests a slot at the least, where its size allows, so that no
slot waits for another at the end."""

CPU_REQUESTS = 2
"""On a CPU instance one request keeps every core busy; the second is read meanwhile."""

MEBIBYTE = 2**20

_GPU_FAMILIES = ("g", "p")
_SIZE = re.compile(r"ml\.([a-z]+)\d\w*\.(?:(\d*)x)?large")


def transform_sizing(
    *, shard_bytes: Sequence[int], largest_record_bytes: int, instance_type: str
) -> TransformSizing:
    """Return payload size and concurrency.

    On a GPU instance the tokenizers on its cores bind before the card does (one a request), so as
    many requests are in flight as it has cores; on a CPU instance two.

    Args:
        shard_bytes: sizes of the objects.
        largest_record_bytes: of the longest line, its end included.
        instance_type: such as `ml.g4dn.xlarge`.

    Raises:
        ValueError: a record is larger than any payload; it had to be refused before.
    """
    record_mb = max(1, math.ceil(largest_record_bytes / MEBIBYTE))
    if record_mb > MAX_PRODUCT_MB:
        raise ValueError(
            f"a record of {largest_record_bytes:,} bytes fits into no payload "
            f"({MAX_PRODUCT_MB} MB at the most)"
        )
    concurrent = min(_requests_in_flight(instance_type), MAX_PRODUCT_MB // record_mb)
    typical_bytes = max(shard_bytes, default=0)
    wanted_mb = math.ceil(typical_bytes / (concurrent * REQUESTS_PER_SLOT) / MEBIBYTE)
    payload_mb = max(record_mb, min(wanted_mb, COMFORTABLE_MB, MAX_PRODUCT_MB // concurrent), 1)
    return TransformSizing(payload_mb, concurrent)


def _requests_in_flight(instance_type: str) -> int:
    match = _SIZE.match(instance_type)
    if match is None or match[2] is None or not match[1].startswith(_GPU_FAMILIES):
        return CPU_REQUESTS
    return 4 * int(match[2] or 1)
