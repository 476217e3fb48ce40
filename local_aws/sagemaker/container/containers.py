"""A container: a subprocess in its own process group, its output read line by line."""

import asyncio
import collections
import contextlib
import dataclasses
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from local_aws.children import bound_to_parent
from local_aws.sagemaker.faults.container_faults import ContainerFaults

_LOG = logging.getLogger(__name__)
_TAIL_LINES = 20
_LINE_LIMIT_BYTES = 256 * 1024
_GRACE_CHECK_S = 0.25

LogSink = Callable[[str], None]


class GraceCap:
    """An upper limit for every container's grace, lowered when the service itself must end."""

    def __init__(self) -> None:
        self.seconds = float("inf")


@dataclasses.dataclass(frozen=True)
class ContainerSpec:
    """What to run.

    Attributes:
        grace: seconds from SIGTERM to SIGKILL, asked for while the container is being ended.
        faults: what is to go wrong with it; None where nothing can.
        niceness: 0 to 19; how far it yields the processor to containers with less.
    """

    command: list[str]
    environment: dict[str, str]
    folder: Path
    grace: Callable[[], float]
    grace_cap: GraceCap
    faults: ContainerFaults | None = None
    niceness: int = 0


class Container:
    """A started container. Made by :func:`running`."""

    def __init__(self, process: asyncio.subprocess.Process, spec: ContainerSpec) -> None:
        self._process = process
        self._spec = spec
        self._stderr_tail: collections.deque[str] = collections.deque(maxlen=_TAIL_LINES)
        self._readers: list[asyncio.Task[None]] = []
        self.is_instance_lost = False

    @property
    def faults(self) -> ContainerFaults | None:
        """What is to go wrong with it."""
        return self._spec.faults

    @property
    def pid(self) -> int:
        """Process id, which is also the process group's."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._process.returncode

    @property
    def stderr_tail(self) -> str:
        """The last lines written to standard error."""
        return "\n".join(self._stderr_tail)

    def read_output(self, sink: LogSink) -> None:
        """Start passing each line of both streams to ``sink``."""
        for stream, tail in ((self._process.stdout, None), (self._process.stderr, True)):
            if stream is not None:
                self._readers.append(asyncio.create_task(self._read(stream, sink, bool(tail))))

    async def wait(self) -> int:
        """The exit code, once the container has ended and its output has been read."""
        code = await self._process.wait()
        # A grandchild may hold the pipes open: do not wait for it for ever.
        await asyncio.wait(self._readers, timeout=1.0)
        return code

    async def terminate(self) -> None:
        """SIGTERM, then SIGKILL to the whole group after the grace. Idempotent."""
        if self._process.returncode is None:
            self._signal_group(signal.SIGTERM)
        start_s = time.monotonic()
        while self._process.returncode is None and time.monotonic() - start_s < min(
            self._spec.grace(), self._spec.grace_cap.seconds
        ):
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._process.wait(), _GRACE_CHECK_S)
        self._signal_group(signal.SIGKILL)
        await self.wait()

    def kill(self, *, is_instance_lost: bool) -> None:
        """SIGKILL to the whole group, at once; the instance under it may be gone as well."""
        self.is_instance_lost = self.is_instance_lost or is_instance_lost
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    async def _read(self, stream: asyncio.StreamReader, sink: LogSink, is_stderr: bool) -> None:
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # a line over the limit: the reader has dropped it
                line = b"[a line over 256 KiB was dropped]\n"
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip("\n")
            if is_stderr and text.strip():
                self._stderr_tail.append(text)
            sink(text)


@contextlib.asynccontextmanager
async def running(spec: ContainerSpec, sink: LogSink) -> AsyncIterator[Container]:
    """Start a container, and see it ended (SIGTERM, grace, SIGKILL) when the block is left.

    Must be entered on the main thread: the container dies with the thread that forks it.
    """
    if spec.faults is not None:
        await spec.faults.before_start()
    process = await asyncio.create_subprocess_exec(
        *bound_to_parent(spec.command, signal.SIGKILL, niceness=spec.niceness),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=spec.environment,
        cwd=spec.folder,
        limit=_LINE_LIMIT_BYTES,
        start_new_session=True,
    )
    container = Container(process, spec)
    container.read_output(sink)
    try:
        async with contextlib.AsyncExitStack() as stack:
            if spec.faults is not None:
                await stack.enter_async_context(spec.faults.watching(container))
            yield container
    finally:
        await asyncio.shield(container.terminate())
