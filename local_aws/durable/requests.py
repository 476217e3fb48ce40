"""What a request means for durability, read from its headers and the start of its body."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[^/]*/([^/]+)/aws4_request")
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_READS = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "TransactGet", "Head", "Lookup")
_ITEM_WRITES = frozenset(
    {
        *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"),
        *("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"),
    }
)
#: May be lost with the last moments: AWS itself delivers them late, or again.
_LATE = frozenset({"ReceiveMessage", "PutMetricData", "PutLogEvents"})
#: Name in the request's signature -> state files that a change of it concerns.
_STATES: Mapping[str, tuple[str, ...]] = {
    "sns": ("sns", "sqs"),
    "monitoring": ("cloudwatch",),
    "logs": ("cloudwatch_logs",),
    "events": ("eventbridge", "sqs"),
}


class Effect(StrEnum):
    """What must be on disk when a request is answered."""

    NOTHING = "nothing"
    LATER = "later"
    STATE = "state"
    STACK_CHANGE = "stack change"
    STACK_LOOK = "stack look"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class Meaning:
    """A request's effect and the state files it concerns."""

    effect: Effect
    states: tuple[str, ...] = ()


def meaning(
    method: str, path: str, query: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes
) -> Meaning:
    """Return what a request means for durability."""
    by_name = {name.lower(): value for name, value in headers}
    found = _SCOPE.search(by_name.get(b"authorization", b"").decode("latin-1"))
    service = found.group(1) if found else ""
    if service in ("", "s3"):
        return _of_s3(method, path, query) if service else Meaning(Effect.NOTHING)
    action = _action(path, query, by_name.get(b"x-amz-target", b"").decode("latin-1"), body)
    states = _STATES.get(service, (service,))
    if service == "cloudformation":
        # A stack's resources appear after its request was answered: they are saved when a look
        # shows that it is done.
        is_look = action == "DescribeStacks"
        if action.startswith(_READS) and not is_look:
            return Meaning(Effect.NOTHING)
        return Meaning(Effect.STACK_LOOK if is_look else Effect.STACK_CHANGE)
    if action.startswith(_READS):
        return Meaning(Effect.NOTHING)
    if service == "dynamodb" and action in _ITEM_WRITES:
        return Meaning(Effect.JOURNAL)
    return Meaning(Effect.LATER if action in _LATE else Effect.STATE, states)


def _of_s3(method: str, path: str, query: bytes) -> Meaning:
    if method in ("GET", "HEAD", "OPTIONS"):
        return Meaning(Effect.NOTHING)
    bucket, _, key = path.lstrip("/").partition("/")
    if bucket and not key and b"delete" not in query.split(b"&"):
        return Meaning(Effect.STATE, ("s3",))
    # The object is on disk already; what it notifies of is delivered after the answer.
    return Meaning(Effect.LATER, ("s3", "sqs"))


def _action(path: str, query: bytes, target: str, body: bytes) -> str:
    if target:
        return target.rpartition(".")[2]
    if "/operation/" in path:
        return path.rpartition("/")[2]
    found = _ACTION.search(query) or _ACTION.search(body)
    return found.group(1).decode() if found else ""
