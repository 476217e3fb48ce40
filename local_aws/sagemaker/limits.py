"""The account's quota: how many instances of one type may run for one kind of usage."""

import collections
import contextlib
from collections.abc import Iterator

from local_aws.sagemaker.errors import resource_limit_exceeded


class InstanceQuota:
    """Counts instances in use by ``(instance type, usage)``, each pair with the same limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used: collections.Counter[str] = collections.Counter()

    def acquire(self, instance_type: str, usage: str, count: int) -> contextlib.ExitStack:
        """Take ``count`` instances; closing the answer gives them back, once.

        Args:
            usage: as AWS names the quota: ``transform job usage``, ``endpoint usage``, ...

        Raises:
            ApiError: ``ResourceLimitExceeded``.
        """
        name = f"{instance_type} for {usage}"
        used = self._used[name]
        if used + count > self._limit:
            raise resource_limit_exceeded(name, self._limit, used, count)
        lease = contextlib.ExitStack()
        lease.enter_context(self._held(name, count))
        return lease

    @contextlib.contextmanager
    def _held(self, name: str, count: int) -> Iterator[None]:
        self._used[name] += count
        try:
            yield
        finally:
            self._used[name] -= count


class InstanceLease:
    """A number of instances held from the quota, which may change."""

    def __init__(self, quota: InstanceQuota, instance_type: str, usage: str) -> None:
        self._quota = quota
        self._key = (instance_type, usage)
        self._held: list[contextlib.ExitStack] = []

    def resize(self, count: int) -> None:
        """Hold ``count`` instances.

        Raises:
            ApiError: ``ResourceLimitExceeded``; what was held is still held.
        """
        wanted = count - len(self._held)
        if wanted > 0:
            taken = self._quota.acquire(*self._key, wanted)
            taken.close()  # all or none: now one by one, so that each can be given back
            self._held += [self._quota.acquire(*self._key, 1) for _ in range(wanted)]
        while len(self._held) > count:
            self._held.pop().close()

    def close(self) -> None:
        """Give everything back."""
        self.resize(0)
