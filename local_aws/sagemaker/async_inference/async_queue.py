"""The internal queue of asynchronous endpoints: kept on disk until a request has its end.

A request leaves the disk when its output or its failure stands in S3. Whatever ends before that,
an instance or this service, leaves the request to be taken again: at least once, as on AWS.
"""

import asyncio
import collections
import dataclasses
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT, endpoint TEXT NOT NULL, document TEXT NOT NULL
);
"""


@dataclasses.dataclass(frozen=True)
class AsyncRequest:
    """One accepted InvokeEndpointAsync.

    Attributes:
        output_location: S3 URI of the answer.
        failure_location: S3 URI of the failure, or empty where the endpoint has no failure path.
        headers: forwarded to the container.
        received_s: epoch seconds.
        ttl_s: longest time in the queue.
        timeout_s: longest time in the container.
    """

    endpoint: str
    inference_id: str
    input_location: str
    output_location: str
    failure_location: str
    headers: dict[str, str]
    received_s: float
    ttl_s: float
    timeout_s: float


class Ticket:
    """A request with its place on disk and how often an instance died under it."""

    def __init__(self, row: int, request: AsyncRequest) -> None:
        self.row = row
        self.request = request
        self.deaths = 0


class AsyncQueue:
    """First in, first out; a request that lost its instance goes to the front."""

    def __init__(self) -> None:
        self._waiting: collections.deque[Ticket] = collections.deque()
        self._taken: set[Ticket] = set()
        self._changed = asyncio.Condition()

    @property
    def backlog(self) -> int:
        """Requests waiting or being processed."""
        return len(self._waiting) + len(self._taken)

    def oldest_received_s(self) -> float | None:
        """When the oldest request of the backlog was received; None where it is empty."""
        times = [ticket.request.received_s for ticket in (*self._waiting, *self._taken)]
        return min(times, default=None)

    async def put(self, ticket: Ticket) -> None:
        """Append."""
        self._waiting.append(ticket)
        await self.wake()

    async def put_back(self, ticket: Ticket) -> None:
        """Give a taken request back, to be the next."""
        self._taken.discard(ticket)
        self._waiting.appendleft(ticket)
        await self.wake()

    async def take(self, is_over: Callable[[], bool]) -> Ticket | None:
        """Wait for the next request; None as soon as ``is_over`` (looked at after each wake)."""
        async with self._changed:
            while not is_over():
                if self._waiting:
                    ticket = self._waiting.popleft()
                    self._taken.add(ticket)
                    return ticket
                await self._changed.wait()
        return None

    def finish(self, ticket: Ticket) -> None:
        """Forget a taken request."""
        self._taken.discard(ticket)

    async def wake(self) -> None:
        """Have everyone who waits look again."""
        async with self._changed:
            self._changed.notify_all()


class AsyncQueues:
    """The queues by endpoint, over one SQLite file. Used from the event loop's thread alone."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.executescript(_SCHEMA)
        self._queues: dict[str, AsyncQueue] = {}
        rows = self._database.execute("SELECT id, endpoint, document FROM requests ORDER BY id")
        for row, endpoint, document in rows:
            ticket = Ticket(row, AsyncRequest(**json.loads(document)))
            self.of(endpoint)._waiting.append(ticket)

    def of(self, endpoint: str) -> AsyncQueue:
        """The endpoint's queue, which outlives its deployments."""
        return self._queues.setdefault(endpoint, AsyncQueue())

    async def accept(self, request: AsyncRequest) -> None:
        """Keep ``request`` on disk, then queue it."""
        document = json.dumps(dataclasses.asdict(request))
        cursor = self._database.execute(
            "INSERT INTO requests (endpoint, document) VALUES (?, ?)", (request.endpoint, document)
        )
        await self.of(request.endpoint).put(Ticket(int(cursor.lastrowid or 0), request))

    def finish(self, ticket: Ticket) -> None:
        """Forget a request whose output or failure stands."""
        self._database.execute("DELETE FROM requests WHERE id = ?", (ticket.row,))
        self.of(ticket.request.endpoint).finish(ticket)

    def forget(self, endpoint: str) -> None:
        """Drop the queue of an endpoint that is deleted."""
        self._database.execute("DELETE FROM requests WHERE endpoint = ?", (endpoint,))
        self._queues.pop(endpoint, None)

    def close(self) -> None:
        """Close the database."""
        self._database.close()
