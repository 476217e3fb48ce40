"""The faults that are active now, whom they fall upon, and what has been hit."""

import asyncio
import collections
import dataclasses
import random
import time
from collections.abc import Hashable
from typing import Any

from local_aws.faults.scenario import Fault, FaultKind, Scenario, Target

_HITS_KEPT = 1000


class Claim:
    """One fault reserved for one target: :meth:`fire` when it has happened, else :meth:`release`.

    A claim counts against ``times`` while it is held, so that a fault with ``times = 1`` is never
    promised to two containers.
    """

    def __init__(self, faults: "Faults", rule: "_Rule", target: Target) -> None:
        self._faults = faults
        self._rule = rule
        self._target = target
        self._is_held = True

    @property
    def fault(self) -> Fault:
        """What is to happen."""
        return self._rule.fault

    @property
    def is_void(self) -> bool:
        """Whether it was fired, released, or the scenario was cleared."""
        return not self._is_held or not self._rule.is_applied

    def fire(self, detail: str = "") -> None:
        """Count the hit; once."""
        if self._is_held:
            self._is_held = False
            self._rule.held -= 1
            self._faults.record(self._rule, self._target, detail)

    def release(self) -> None:
        """Give it back unused; harmless after :meth:`fire`."""
        if self._is_held:
            self._is_held = False
            self._rule.held -= 1


class _Rule:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.matched = 0
        self.held = 0
        self.hits = 0
        self.seen: set[Hashable] = set()
        self.is_applied = True

    def is_open(self, elapsed_s: float) -> bool:
        fault = self.fault
        is_left = not fault.times or self.held + self.hits < fault.times
        is_over = fault.end_s is not None and elapsed_s >= fault.end_s
        return is_left and elapsed_s >= fault.start_s and not is_over


class Faults:
    """All active faults. For one event loop; nothing here blocks."""

    def __init__(self) -> None:
        self._name = ""
        self._rules: list[_Rule] = []
        self._hits: collections.deque[dict[str, Any]] = collections.deque(maxlen=_HITS_KEPT)
        self._random = random.Random(0)  # noqa: S311 - repeatable on purpose
        self._start_s = 0.0
        self._change = asyncio.Event()

    def apply(self, scenario: Scenario) -> None:
        """Put ``scenario`` in the place of whatever is active; counts start from nothing."""
        self.clear()
        self._name = scenario.name
        self._rules = [_Rule(fault) for fault in scenario.faults]
        self._random = random.Random(scenario.seed)  # noqa: S311 - repeatable on purpose
        self._start_s = time.monotonic()

    def clear(self) -> None:
        """No fault any more; what is promised and has not happened will not."""
        for rule in self._rules:
            rule.is_applied = False
        self._name, self._rules = "", []
        self._hits.clear()
        change, self._change = self._change, asyncio.Event()
        change.set()

    async def changed(self, timeout_s: float | None) -> None:
        """Return when another scenario is applied or cleared, or after ``timeout_s``."""
        try:
            await asyncio.wait_for(self._change.wait(), timeout_s)
        except TimeoutError:
            return

    def has(self, *kinds: FaultKind) -> bool:
        """Whether the scenario holds a fault of one of ``kinds``."""
        return any(rule.fault.kind in kinds for rule in self._rules)

    def claim(self, kind: FaultKind, target: Target, key: Hashable = None) -> Claim | None:
        """Reserve the first open fault of ``kind`` for ``target``, or none.

        Args:
            key: what is counted once as a match, however often it asks (a container).
        """
        elapsed_s = time.monotonic() - self._start_s
        for rule in self._rules:
            fault = rule.fault
            if fault.kind is not kind or not rule.is_open(elapsed_s) or not fault.matches(target):
                continue
            if key is not None:
                if key in rule.seen:
                    continue
                rule.seen.add(key)
            rule.matched += 1
            if rule.matched > fault.skip and self._random.random() < fault.probability:
                rule.held += 1
                return Claim(self, rule, target)
        return None

    def hit(self, kind: FaultKind, target: Target) -> Fault | None:
        """Claim and fire at once: for faults that happen where they are asked about."""
        claim = self.claim(kind, target)
        if claim is None:
            return None
        claim.fire()
        return claim.fault

    def record(self, rule: "_Rule", target: Target, detail: str) -> None:
        """Count and list a hit; called by :class:`Claim`."""
        if not rule.is_applied:
            return
        rule.hits += 1
        parts = {name: value for name, value in dataclasses.asdict(target).items() if value}
        self._hits.append(
            {"at": time.time(), "kind": rule.fault.kind.value, **parts, "detail": detail}
        )

    def status(self) -> dict[str, Any]:
        """The scenario's name, each fault with its counts, and the last hits in order."""
        faults = [
            {
                **dataclasses.asdict(rule.fault),
                "kind": rule.fault.kind.value,
                "matched": rule.matched,
                "hits": rule.hits,
            }
            for rule in self._rules
        ]
        return {"scenario": self._name, "faults": faults, "hits": list(self._hits)}
