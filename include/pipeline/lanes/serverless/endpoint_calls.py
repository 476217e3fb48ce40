"""Calls to a serverless endpoint that get an answer for every document, whatever happens to one.

A call that is too large, takes too long or brings the model down is halved and sent again, until
the document that is to blame stands alone; it is answered with an error line, as the container
answers what it cannot read.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Sequence

from include.domain.batches.documents import CHARACTERS_PER_TOKEN
from include.domain.errors import (
    BodyFailed,
    BodyFault,
    EndpointThrottled,
    EndpointUnavailable,
    OutputIncomplete,
)
from include.domain.execution.pacing import Call, CallSize
from include.pipeline.lanes.serverless.call_gate import CallGate
from include.pipeline.ports.remote_work import Endpoint

MAX_BODY_BYTES = 4 * 10**6
"""Serverless Inference refuses a payload over 4 MB."""

_CANARY = b'{"id": "canary", "text": "is anyone there"}\n'
_BACKOFF_S = 0.2
_MAX_BACKOFF_S = 5.0
_DOUBTFUL = frozenset({BodyFault.TIMED_OUT, BodyFault.MODEL_FAILED})
"""What an endpoint that is itself at fault would show as well."""


class EndpointCaller:
    """One batch's calls; used by several threads.

    Args:
        size: of the first calls; each answer teaches the next.
        throttled_s: seconds a call is throttled until the batch gives up.
        max_tokens: of a document, where the model cuts.
        clock: seconds that never go back.
        sleep: pauses, seconds.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        name: str,
        *,
        gate: CallGate,
        size: CallSize,
        throttled_s: float,
        max_tokens: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._endpoint = endpoint
        self.name = name
        self._gate = gate
        self._throttled_s = throttled_s
        self._max_tokens = max_tokens
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._size = size
        self.calls: list[Call] = []
        self.wasted_s = 0.0

    @property
    def tokens_per_call(self) -> int:
        """Tokens the next call may carry."""
        return self._size.tokens

    def tokens_of(self, line: bytes) -> int:
        """Return about how many tokens a request line is; never less than by its characters."""
        return min(2 + round(len(line) / CHARACTERS_PER_TOKEN), self._max_tokens)

    def answer(self, lines: Sequence[bytes]) -> bytes:
        """Return one response line a request line, in order.

        Raises:
            EndpointUnavailable: the endpoint does not answer, or throttles for too long.
            OutputIncomplete: it answered with another number of lines than it was sent.
        """
        try:
            return self._invoke(lines)
        except BodyFailed as exc:
            if exc.fault in _DOUBTFUL:
                self._require_alive(exc)
            if len(lines) == 1:
                return _error_line(lines[0], exc)
            with self._lock:
                if exc.fault is BodyFault.TIMED_OUT:
                    self._size = self._size.halved()
        half = len(lines) // 2
        return self.answer(lines[:half]) + self.answer(lines[half:])

    def _invoke(self, lines: Sequence[bytes]) -> bytes:
        body = b"".join(lines)
        if len(body) > MAX_BODY_BYTES:
            raise BodyFailed(
                BodyFault.TOO_LARGE,
                f"endpoint {self.name}: {len(body):,} bytes are over {MAX_BODY_BYTES:,} a call",
            )
        start_s, seconds, answer = self._paced(body)
        if not answer.endswith(b"\n"):
            answer += b"\n"
        received = answer.count(b"\n")
        if received != len(lines):
            with self._lock:
                self.wasted_s += seconds
            raise OutputIncomplete(
                f"endpoint {self.name}: sent {len(lines)} documents, got {received} lines"
            )
        call = Call(start_s, seconds, sum(map(self.tokens_of, lines)))
        with self._lock:
            self.calls.append(call)
            self._size = self._size.after(call)
        return answer

    def _paced(self, body: bytes) -> tuple[float, float, bytes]:
        """Return when the call that was answered was sent, its seconds, and the answer."""
        give_up_s = self._clock() + self._throttled_s
        bound_s = _BACKOFF_S
        while True:
            start_s = self._clock()
            try:
                with self._gate.passing():
                    start_s = self._clock()
                    answer = self._endpoint.invoke(self.name, body)
                return start_s, self._clock() - start_s, answer
            except EndpointThrottled:
                if self._clock() >= give_up_s:
                    raise
                self._sleep(random.uniform(0, bound_s))  # noqa: S311 - jitter
                bound_s = min(_MAX_BACKOFF_S, 2 * bound_s)
            except BodyFailed:
                with self._lock:
                    self.wasted_s += self._clock() - start_s
                raise

    def _require_alive(self, failure: BodyFailed) -> None:
        """Send a document that any model answers.

        Raises:
            EndpointUnavailable: it is not answered either, so no document is to blame.
        """
        try:
            self._paced(_CANARY)
        except BodyFailed as exc:
            raise EndpointUnavailable(f"{failure}; nor does it answer anything else") from exc


def _error_line(line: bytes, failure: BodyFailed) -> bytes:
    record = json.loads(line)
    error = {"code": failure.fault.value, "message": str(failure)}
    return json.dumps({"id": record.get("id"), "error": error}, ensure_ascii=False).encode() + b"\n"
