"""A container that serves a model: start it, wait for ``/ping``, post to ``/invocations``."""

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import aiohttp

from local_aws.ports import free_port
from local_aws.sagemaker.container.containers import Container, ContainerSpec, LogSink, running

_FIRST_PING_DELAY_S = 0.01
_PING_DELAY_S = 0.05
_CHUNK_BYTES = 1 << 18
_FAULT_TEXT = b"injected by a fault scenario"


class ModelServerNotReadyError(Exception):
    """The container ended, or did not answer ``/ping`` with 200 in time; the text says which."""


@dataclasses.dataclass(frozen=True)
class Exchange:
    """What the container answered to a payload exchanged by files, whatever its status."""

    status: int
    headers: Mapping[str, str]
    seconds: float


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the container answered to an invocation, whatever its status."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    seconds: float


class ModelServer:
    """A ready model server. Calls may run concurrently; connections are kept alive."""

    def __init__(self, container: Container, url: str, session: aiohttp.ClientSession) -> None:
        self.container = container
        self._url = url
        self._session = session
        self.in_flight = 0

    @property
    def is_alive(self) -> bool:
        """Whether its process still runs."""
        return self.container.exit_code is None

    async def invoke(self, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """POST ``body`` to ``/invocations``.

        Raises:
            asyncio.TimeoutError: no whole answer within ``timeout_s``.
            aiohttp.ClientError: the connection failed.
        """
        self.in_flight += 1
        start = time.perf_counter()
        try:
            async with asyncio.timeout(timeout_s):
                status = await self._fault(lambda: _records(body))
                if status is not None:
                    return Answer(status, _FAULT_TEXT, {}, time.perf_counter() - start)
                async with self._session.post(
                    f"{self._url}/invocations", data=body, headers=headers
                ) as response:
                    answer = await response.read()
                    seconds = time.perf_counter() - start
                    return Answer(response.status, answer, response.headers, seconds)
        finally:
            self.in_flight -= 1

    async def _fault(self, count: Callable[[], int]) -> int | None:
        faults = self.container.faults
        return None if faults is None else await faults.before_request(count())

    async def exchange(
        self, source: Path, target: Path, headers: Mapping[str, str], timeout_s: float
    ) -> Exchange:
        """POST a file to ``/invocations`` and write the answer to another, streamed both ways.

        Raises:
            asyncio.TimeoutError: no whole answer within ``timeout_s``.
            aiohttp.ClientError: the connection failed.
        """
        self.in_flight += 1
        start = time.perf_counter()
        try:
            status = await self._fault(lambda: _records_in(source))
            if status is not None:
                target.write_bytes(_FAULT_TEXT)
                return Exchange(status, {}, time.perf_counter() - start)
            size = {"Content-Length": str(source.stat().st_size)}
            timeout = aiohttp.ClientTimeout(total=timeout_s)
            with source.open("rb") as body, target.open("wb") as sink:
                async with self._session.post(
                    f"{self._url}/invocations",
                    data=body,
                    headers={**headers, **size},
                    timeout=timeout,
                ) as response:
                    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                        sink.write(chunk)
                    seconds = time.perf_counter() - start
                    return Exchange(response.status, response.headers, seconds)
        finally:
            self.in_flight -= 1

    async def execution_parameters(self) -> dict[str, object]:
        """What ``GET /execution-parameters`` recommends; empty when it is not offered."""
        try:
            async with self._session.get(f"{self._url}/execution-parameters") as response:
                if response.status != 200:
                    return {}
                parameters = await response.json(content_type=None)
        except (aiohttp.ClientError, ValueError):
            return {}
        return parameters if isinstance(parameters, dict) else {}

    async def wait_until_ready(self, timeout_s: float) -> None:
        """Return once ``/ping`` answers 200."""
        deadline = time.monotonic() + timeout_s
        delay_s = _FIRST_PING_DELAY_S
        while time.monotonic() < deadline:
            if not self.is_alive:
                await self.container.wait()
                raise ModelServerNotReadyError(
                    f"exit code: {self.container.exit_code}. {self.container.stderr_tail}"
                )
            with contextlib.suppress(aiohttp.ClientError, asyncio.TimeoutError):
                timeout = aiohttp.ClientTimeout(total=2)
                async with self._session.get(f"{self._url}/ping", timeout=timeout) as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(delay_s)
            delay_s = min(_PING_DELAY_S, delay_s * 1.5)
        raise ModelServerNotReadyError(
            "Model container failed to respond to ping; please ensure that the /ping endpoint is "
            "implemented and responds with an HTTP 200 status code."
        )


def _records(body: bytes) -> int:
    return body.count(b"\n") + (not body.endswith(b"\n"))


def _records_in(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(1 for _ in stream)


@contextlib.asynccontextmanager
async def serving(
    spec: ContainerSpec, sink: LogSink, startup_timeout_s: float
) -> AsyncIterator[ModelServer]:
    """Run a model server on a free loopback port until the block is left.

    Raises:
        ModelServerNotReadyError: on entering, when it does not become ready.
    """
    port = free_port()
    address = {"SAGEMAKER_BIND_TO_PORT": str(port), "SAGEMAKER_BIND_TO_HOST": "127.0.0.1"}
    spec = dataclasses.replace(spec, environment={**spec.environment, **address})
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
    no_limit = aiohttp.ClientTimeout(total=None)  # each call has its own
    async with (
        aiohttp.ClientSession(
            connector=connector, auto_decompress=False, timeout=no_limit
        ) as session,
        running(spec, sink) as container,
    ):
        server = ModelServer(container, f"http://127.0.0.1:{port}", session)
        await server.wait_until_ready(startup_timeout_s)
        yield server
