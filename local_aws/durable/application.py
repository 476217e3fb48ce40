"""The ASGI application around MiniStack's: answers once what was changed is on disk."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from local_aws.durable.checkpoints import Checkpoints
from local_aws.durable.gate import Gate
from local_aws.durable.journal import Entry, Journal
from local_aws.durable.requests import Effect, Meaning, meaning

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

JOURNALED_STATE = "dynamodb"
JOURNAL_LIMIT_BYTES = 512 * 2**20
_KEPT_HEADERS = frozenset({b"authorization", b"content-type", b"host", b"x-amz-target"})

_log = logging.getLogger("durable")


class DurableApplication:
    """MiniStack's application with a journal and checkpoints.

    Args:
        inner: MiniStack's own.
        journal: of the item writes since the last snapshot of DynamoDB.
        checkpoints: of everything else.
    """

    def __init__(self, inner: Application, journal: Journal, checkpoints: Checkpoints) -> None:
        self._inner = inner
        self._journal = journal
        self._checkpoints = checkpoints
        self._saver: asyncio.Task[None] | None = None
        self._gate = Gate()
        self._are_stacks_changing = False

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection's scope."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, self._around_life(send))
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    def _around_life(self, send: Send) -> Send:
        async def forward(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                await self._replay()
                self._saver = asyncio.create_task(self._checkpoints.run())
            elif message["type"] == "lifespan.shutdown.complete" and self._saver is not None:
                # MiniStack has saved everything by itself; only a save of ours clears the journal.
                self._saver.cancel()
            await send(message)

        return forward

    async def _replay(self) -> None:
        count = 0
        for entry in self._journal.entries():
            await self._again(entry)
            count += 1
        if count:
            _log.warning("replayed %d journaled requests", count)
            self._checkpoints.save_now([JOURNALED_STATE])

    async def _again(self, entry: Entry) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": entry.body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] != 200:
                _log.error("a journaled request is refused: %d", message["status"])

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": entry.path,
            "raw_path": entry.path.encode(),
            "query_string": b"",
            "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in entry.headers],
            "client": ("127.0.0.1", 0),
            "server": ("127.0.0.1", 0),
        }
        await self._inner(scope, receive, send)

    async def _serve(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        headers = scope["headers"]
        body = b""
        # Objects stream through; what they mean is read from method and path.
        if b"/s3/aws4_request" not in dict(headers).get(b"authorization", b""):
            body, receive = await _read(receive)
        found = meaning(scope["method"], scope["path"], scope["query_string"], headers, body)
        if found.effect in (Effect.NOTHING, Effect.LATER):
            await self._inner(scope, receive, send)
            self._checkpoints.note(found.states)
            return
        answer = Held(send)
        if found.effect is Effect.JOURNAL:
            await self._write_item(scope, receive, answer, body)
        else:
            await self._inner(scope, receive, answer)
            if answer.is_success:
                await self._keep(found, answer)
        await answer.release()

    async def _write_item(
        self, scope: MutableMapping[str, Any], receive: Receive, answer: "Held", body: bytes
    ) -> None:
        async with self._gate.write():
            await self._inner(scope, receive, answer)
            if answer.is_success:
                self._journal.append(_entry(scope, body))
        if self._journal.size_bytes > JOURNAL_LIMIT_BYTES:
            await self._commit((JOURNALED_STATE,))

    async def _keep(self, found: Meaning, answer: "Held") -> None:
        if found.effect is Effect.STATE:
            await self._commit(found.states)
        elif found.effect is Effect.STACK_CHANGE:
            self._are_stacks_changing = True
        elif self._are_stacks_changing and b"_IN_PROGRESS" not in answer.body:
            await self._commit(self._checkpoints.every_name())
            self._are_stacks_changing = False

    async def _commit(self, names: Sequence[str]) -> None:
        if JOURNALED_STATE not in names:
            await self._checkpoints.commit(names)
            return
        async with self._gate.alone():
            await self._checkpoints.commit(names)


class Held:
    """An answer that is kept until it may be given."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        """Take a part of the answer."""
        self._messages.append(message)

    @property
    def is_success(self) -> bool:
        """Whether the request did what it asked for."""
        return any(message.get("status", 500) < 300 for message in self._messages)

    @property
    def body(self) -> bytes:
        """The answer's body."""
        return b"".join(message.get("body", b"") for message in self._messages)

    async def release(self) -> None:
        """Give the answer."""
        for message in self._messages:
            await self._send(message)


def _entry(scope: MutableMapping[str, Any], body: bytes) -> Entry:
    kept = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in scope["headers"]
        if name.lower() in _KEPT_HEADERS
    )
    return Entry(scope["path"], kept, body)


async def _read(receive: Receive) -> tuple[bytes, Receive]:
    """Read a request's whole body; return it, and a way to receive it once more."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = b"".join(parts)
    is_given = False

    async def again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return body, again
