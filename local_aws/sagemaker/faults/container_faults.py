"""Faults of one container: a late start, a crash at a record, a lost instance, bad answers.

Nothing in a container knows of this. The service counts what it has sent to a model server, and
the lines that a job's container has written under its outputs; a crash is a SIGKILL from outside.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from local_aws.faults.registry import Claim, Faults
from local_aws.faults.scenario import FaultKind, Target
from local_aws.sagemaker.concurrency import cancelled

_LOOK_S = 0.005
_IDLE_LOOK_S = 0.2
_DEADLY = (FaultKind.CRASH, FaultKind.LOST_INSTANCE)
_COPY_BYTES = 1 << 20


class Killable(Protocol):
    """What a deadly fault needs of a container."""

    def kill(self, *, is_instance_lost: bool) -> None:
        """SIGKILL to the whole container, at once."""


class WrittenRecords:
    """Complete lines written under some folders since this was made; reads only what is new."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)
        self._offsets: dict[int, int] = {}
        self._lines = 0
        self._base = 0
        self._base = self.count()

    def count(self) -> int:
        """Lines so far. A file that is renamed is the same file; one that shrinks starts again."""
        for folder in self._folders:
            for path in folder.rglob("*"):
                with contextlib.suppress(OSError):
                    if path.is_file():
                        self._read(path)
        return self._lines - self._base

    def _read(self, path: Path) -> None:
        state = path.stat()
        offset = self._offsets.get(state.st_ino, 0)
        if state.st_size < offset:
            offset = 0
        if state.st_size == offset:
            return
        with path.open("rb") as stream:
            stream.seek(offset)
            while block := stream.read(_COPY_BYTES):
                self._lines += block.count(b"\n")
                offset += len(block)
        self._offsets[state.st_ino] = offset


class ContainerFaults:
    """What may happen to one container.

    Args:
        target: whose container it is.
        outputs: folders on this host whose complete lines count as records handled.
    """

    def __init__(self, faults: Faults, target: Target, outputs: Sequence[Path] = ()) -> None:
        self._faults = faults
        self._target = target
        self._outputs = tuple(outputs)
        self._records_sent = 0
        self._claim: Claim | None = None
        self._container: Killable | None = None

    async def before_start(self) -> None:
        """Hold the start up, when a slow start is due."""
        fault = self._faults.hit(FaultKind.SLOW_START, self._target)
        if fault is not None:
            await asyncio.sleep(fault.delay_s)

    async def before_request(self, records: int) -> int | None:
        """Called before ``records`` are sent to a model server.

        Returns:
            The status the model shall seem to answer, or None to ask it. The container may be
            dead afterwards: the call with the fatal record is never answered.
        """
        self._records_sent += records
        self._arm()
        claim = self._claim
        if claim is not None and not claim.is_void and self._records_sent >= _record_of(claim):
            self._kill(claim, self._records_sent)
        slow = self._faults.hit(FaultKind.SLOW_ANSWER, self._target)
        if slow is not None:
            await asyncio.sleep(slow.delay_s)
        error = self._faults.hit(FaultKind.MODEL_ERROR, self._target)
        return error.status if error is not None else None

    @contextlib.asynccontextmanager
    async def watching(self, container: Killable) -> AsyncIterator[None]:
        """Kill ``container`` when a deadly fault is due, until the block is left."""
        self._container = container
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            await cancelled([task])
            if self._claim is not None:
                self._claim.release()

    async def _watch(self) -> None:
        start_s = time.monotonic()
        written = WrittenRecords(self._outputs)
        while True:
            self._arm()
            claim = self._claim
            if claim is None:
                await self._faults.changed(_IDLE_LOOK_S if self._faults.has(*_DEADLY) else None)
                continue
            records = self._records_sent
            if claim.fault.at_record is not None:
                records += await asyncio.to_thread(written.count)
            if not claim.is_void and _is_due(claim, records, time.monotonic() - start_s):
                self._kill(claim, records)
                return
            await asyncio.sleep(_LOOK_S)

    def _arm(self) -> None:
        if self._claim is not None and not self._claim.is_void:
            return
        self._claim = None
        for kind in _DEADLY:
            self._claim = self._faults.claim(kind, self._target, key=id(self))
            if self._claim is not None:
                return

    def _kill(self, claim: Claim, records: int) -> None:
        if self._container is not None:
            is_lost = claim.fault.kind is FaultKind.LOST_INSTANCE
            self._container.kill(is_instance_lost=is_lost)
            claim.fire(f"killed after {records} records")


def _record_of(claim: Claim) -> float:
    return float("inf") if claim.fault.at_record is None else claim.fault.at_record


def _is_due(claim: Claim, records: int, elapsed_s: float) -> bool:
    fault = claim.fault
    if fault.at_record is not None:
        return records >= _record_of(claim)
    return fault.after_s is not None and elapsed_s >= fault.after_s


async def until_due(claim: Claim, outputs: Sequence[Path]) -> int | None:
    """Wait until a claimed fault is due by its ``at_record`` or ``after_s``.

    Returns:
        Lines written under ``outputs`` by then; None when the scenario was cleared first.
    """
    start_s = time.monotonic()
    written = WrittenRecords(outputs)
    while not claim.is_void:
        records = await asyncio.to_thread(written.count)
        if _is_due(claim, records, time.monotonic() - start_s):
            return records
        await asyncio.sleep(_LOOK_S)
    return None
