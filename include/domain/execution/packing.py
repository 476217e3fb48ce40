"""Dealing shards out over instances, by tokens and not by key."""

from __future__ import annotations

from collections.abc import Sequence

from include.domain.batches.manifests import Shard


def deal_out(shards: Sequence[Shard], instances: int) -> tuple[tuple[Shard, ...], ...]:
    """Deal shards out so that the largest share of tokens is small.

    The longest shard goes first, each to the share that has the least: at most 4/3 - 1/(3n) times
    the best possible (Graham, "Bounds on Multiprocessing Timing Anomalies", SIAM J. Appl. Math.
    17(2), 1969).

    Args:
        instances: shares wanted, at least 1; there are never more of them than shards.

    Returns:
        The shares, none of them empty, each in order of the shards' index.
    """
    if instances < 1:
        raise ValueError(f"cannot deal {len(shards)} shards out over {instances} instances")
    count = min(instances, len(shards))
    shares: list[list[Shard]] = [[] for _ in range(count)]
    loads = [0] * count
    for shard in sorted(shards, key=lambda each: (-each.token_estimate, each.index)):
        least = loads.index(min(loads))
        shares[least].append(shard)
        loads[least] += shard.token_estimate
    return tuple(tuple(sorted(share, key=lambda each: each.index)) for share in shares)
