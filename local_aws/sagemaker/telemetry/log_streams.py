"""Send containers' lines to CloudWatch Logs; what it cannot take for now is handed back."""

import collections
import contextlib
import dataclasses
import logging
from collections.abc import Iterable, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

_LOG = logging.getLogger(__name__)
#: PutLogEvents takes 10,000 events and 1 MiB, each event counted with 26 bytes of overhead.
_MAX_EVENTS_A_CALL = 10_000
_MAX_LOG_BYTES_A_CALL = 1_000_000
_EVENT_OVERHEAD_BYTES = 26


@dataclasses.dataclass(frozen=True)
class LogLine:
    """One line of a container."""

    group: str
    stream: str
    text: str
    at_s: float


class LogStreams:
    """Groups and streams of one account; they are made when their first line comes.

    Args:
        client: boto3's client of CloudWatch Logs.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._known: set[tuple[str, str]] = set()

    def send(self, lines: Sequence[LogLine]) -> list[LogLine]:
        """Send lines; return those to send again, in their order.

        Lines that are refused for good are dropped with a warning.
        """
        by_stream: dict[tuple[str, str], list[LogLine]] = collections.defaultdict(list)
        for line in lines:
            by_stream[line.group, line.stream].append(line)
        left: list[LogLine] = []
        for (group, stream), chosen in by_stream.items():
            # once one call got no answer, the others would wait for theirs in vain
            left += chosen if left else self._send_to(group, stream, chosen)
        return left

    def _send_to(self, group: str, stream: str, lines: Sequence[LogLine]) -> list[LogLine]:
        chunks = list(_chunks(lines))
        for number, chunk in enumerate(chunks):
            try:
                self._ensure(group, stream)
                self._put(group, stream, chunk)
            except (BotoCoreError, ClientError) as error:
                self._known.discard((group, stream))
                if _is_passing(error):
                    return [line for each in chunks[number:] for line in each]
                _LOG.warning("%d lines of %s are refused: %s", len(chunk), stream, error)
        return []

    def _put(self, group: str, stream: str, lines: Sequence[LogLine]) -> None:
        events = [
            {"timestamp": int(line.at_s * 1000), "message": line.text or " "} for line in lines
        ]
        self._client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def _ensure(self, group: str, stream: str) -> None:
        if (group, stream) in self._known:
            return
        exists = self._client.exceptions.ResourceAlreadyExistsException
        with contextlib.suppress(exists):
            self._client.create_log_group(logGroupName=group)
        with contextlib.suppress(exists):
            self._client.create_log_stream(logGroupName=group, logStreamName=stream)
        self._known.add((group, stream))


def _is_passing(error: BotoCoreError | ClientError) -> bool:
    """Whether the same call may go well later: no answer, a fault, or a stream that was lost."""
    if isinstance(error, BotoCoreError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    code = error.response.get("Error", {}).get("Code", "")
    return status >= 500 or code in ("ResourceNotFoundException", "ThrottlingException")


def _chunks(lines: Iterable[LogLine]) -> Iterable[list[LogLine]]:
    chunk: list[LogLine] = []
    size = 0
    for line in lines:
        line_bytes = len(line.text.encode()) + _EVENT_OVERHEAD_BYTES
        is_full = len(chunk) == _MAX_EVENTS_A_CALL or size + line_bytes > _MAX_LOG_BYTES_A_CALL
        if chunk and is_full:
            yield chunk
            chunk, size = [], 0
        chunk.append(line)
        size += line_bytes
    if chunk:
        yield chunk
