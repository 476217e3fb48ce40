"""The scenario file: which faults, where, how often and when. Every mistake is refused by name."""

import dataclasses
import enum
import fnmatch
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class ScenarioError(ValueError):
    """The scenario cannot be used; the text names the entry and the key."""


class FaultKind(enum.Enum):
    """What can go wrong on request."""

    THROTTLE = "throttle"
    UNAVAILABLE = "unavailable"
    MODEL_ERROR = "model_error"
    SLOW_ANSWER = "slow_answer"
    COLD_START = "cold_start"
    SLOW_START = "slow_start"
    CRASH = "crash"
    LOST_INSTANCE = "lost_instance"
    INTERRUPT = "interrupt"
    LOST_OUTPUT = "lost_output"
    STALE_METRIC = "stale_metric"


@dataclasses.dataclass(frozen=True)
class Target:
    """What a fault may fall upon; a part that does not apply is empty.

    Attributes:
        operation: API operation (``InvokeEndpoint``, ``CreateTransformJob``).
        resource: name of the job or endpoint.
        job_kind: ``transform``, ``processing``, ``training`` or ``endpoint``.
        host: ``algo-2`` of a job, the instance's id of an endpoint.
        object: S3 URI that is written.
        metric: CloudWatch metric.
    """

    operation: str = ""
    resource: str = ""
    job_kind: str = ""
    host: str = ""
    object: str = ""
    metric: str = ""


@dataclasses.dataclass(frozen=True)
class Fault:
    """One entry of a scenario.

    Attributes:
        operation: shell pattern on the target's part of that name; so are ``resource``,
            ``job_kind``, ``host``, ``object`` and ``metric``.
        skip: matches to let pass first.
        times: hits at the most; 0 for no limit.
        probability: of a hit at a match, from the scenario's seed.
        start_s: seconds from applying the scenario until the fault is active.
        end_s: seconds from applying it until it is over; None for no end.
        delay_s: how long to hold up a start or an answer.
        status: HTTP status that the model seems to answer.
        at_record: fire when the container has handled so many records.
        after_s: fire so long after the container has started.
        notice_s: SIGTERM to SIGKILL of an interruption.
        capacity_after_s: until an interrupted job gets a new instance.
        mode: ``drop`` publishes nothing, ``freeze`` publishes the last value again.
    """

    kind: FaultKind
    operation: str = "*"
    resource: str = "*"
    job_kind: str = "*"
    host: str = "*"
    object: str = "*"
    metric: str = "*"
    skip: int = 0
    times: int = 1
    probability: float = 1.0
    start_s: float = 0.0
    end_s: float | None = None
    delay_s: float = 0.0
    status: int = 500
    at_record: int | None = None
    after_s: float | None = None
    notice_s: float = 120.0
    capacity_after_s: float = 0.0
    mode: str = "drop"

    def matches(self, target: Target) -> bool:
        """Whether every pattern fits."""
        return all(
            fnmatch.fnmatchcase(getattr(target, name), getattr(self, name)) for name in _PATTERNS
        )


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A named list of faults; ``seed`` makes probabilities repeatable."""

    name: str
    faults: tuple[Fault, ...]
    seed: int = 0


_PATTERNS = tuple(field.name for field in dataclasses.fields(Target))
_EVERYWHERE = frozenset({"kind", "skip", "times", "probability", "start_s", "end_s"})
_CONTAINER = frozenset({"resource", "job_kind", "host"})
_TRIGGER = frozenset({"at_record", "after_s"})
_KEYS: Mapping[FaultKind, frozenset[str]] = {
    FaultKind.THROTTLE: frozenset({"operation", "resource"}),
    FaultKind.UNAVAILABLE: frozenset({"operation", "resource"}),
    FaultKind.MODEL_ERROR: _CONTAINER | {"status"},
    FaultKind.SLOW_ANSWER: _CONTAINER | {"delay_s"},
    FaultKind.COLD_START: frozenset({"resource", "delay_s"}),
    FaultKind.SLOW_START: _CONTAINER | {"delay_s"},
    FaultKind.CRASH: _CONTAINER | _TRIGGER,
    FaultKind.LOST_INSTANCE: _CONTAINER | _TRIGGER,
    FaultKind.INTERRUPT: frozenset({"resource", "notice_s", "capacity_after_s"}) | _TRIGGER,
    FaultKind.LOST_OUTPUT: frozenset({"object"}),
    FaultKind.STALE_METRIC: frozenset({"metric", "resource", "mode"}),
}
_TRIGGERED = frozenset({FaultKind.CRASH, FaultKind.LOST_INSTANCE, FaultKind.INTERRUPT})
_DELAYED = frozenset({FaultKind.SLOW_START, FaultKind.SLOW_ANSWER})
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("skip", "times", "status", "at_record"), int),
    **dict.fromkeys(
        ("probability", "start_s", "end_s", "delay_s", "after_s", "notice_s", "capacity_after_s"),
        (int, float),
    ),
    **dict.fromkeys((*_PATTERNS, "mode"), str),
}


def read_content(path: Path) -> dict[str, Any]:
    """The table of a ``.toml`` or ``.json`` file; ``name`` is the file's unless it has one.

    Raises:
        ScenarioError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise ScenarioError(f"{path}: a scenario is a table with 'faults'")
    return {"name": path.stem, **content}


def load_scenario(path: Path) -> Scenario:
    """Read and check a scenario file.

    Raises:
        ScenarioError: it cannot be read, or says something that is not understood.
    """
    try:
        return parse_scenario(read_content(path))
    except ScenarioError as error:
        raise ScenarioError(str(error) if str(path) in str(error) else f"{path}: {error}") from None


def parse_scenario(content: Any) -> Scenario:
    """A scenario from parsed TOML or JSON.

    Raises:
        ScenarioError: with the entry and the key that is wrong.
    """
    if not isinstance(content, dict):
        raise ScenarioError("a scenario is a table with 'faults'")
    _refuse_unknown("scenario", content, {"name", "seed", "faults"})
    entries = content.get("faults")
    if not isinstance(entries, list) or not entries:
        raise ScenarioError("'faults' is a list of at least one fault")
    seed = content.get("seed", 0)
    if not isinstance(seed, int):
        raise ScenarioError("'seed' is a whole number")
    faults = tuple(_fault(f"faults[{index}]", entry) for index, entry in enumerate(entries))
    return Scenario(str(content.get("name", "unnamed")), faults, seed)


def _fault(where: str, entry: Any) -> Fault:
    if not isinstance(entry, dict):
        raise ScenarioError(f"{where}: is no table")
    kinds = {kind.value: kind for kind in FaultKind}
    if entry.get("kind") not in kinds:
        known = ", ".join(kinds)
        raise ScenarioError(f"{where}: 'kind' is {entry.get('kind')!r}; it is one of {known}")
    kind = kinds[entry["kind"]]
    _refuse_unknown(f"{where} ({kind.value})", entry, _EVERYWHERE | _KEYS[kind])
    for key, value in entry.items():
        expected = _TYPES.get(key)
        if expected and (not isinstance(value, expected) or isinstance(value, bool)):
            raise ScenarioError(f"{where}: '{key}' cannot be {value!r}")
    fault = Fault(**{**entry, "kind": kind})
    _check(where, fault)
    return fault


def _check(where: str, fault: Fault) -> None:
    ranges = {
        "'probability' is from 0 to 1": 0 <= fault.probability <= 1,
        "'skip' and 'times' are not negative": fault.skip >= 0 and fault.times >= 0,
        "'end_s' comes after 'start_s'": fault.end_s is None or 0 <= fault.start_s < fault.end_s,
        "'status' is from 400 to 599": 400 <= fault.status <= 599,
        "'mode' is drop or freeze": fault.mode in {"drop", "freeze"},
        "'at_record' is at least 1": fault.at_record is None or fault.at_record >= 1,
        "'delay_s' is more than 0": fault.kind not in _DELAYED or fault.delay_s > 0,
        "either 'at_record' or 'after_s' is given": fault.kind not in _TRIGGERED
        or (fault.at_record is None) != (fault.after_s is None),
    }
    for rule, is_kept in ranges.items():
        if not is_kept:
            raise ScenarioError(f"{where} ({fault.kind.value}): {rule}")


def _refuse_unknown(
    where: str, entry: Mapping[str, Any], known: "frozenset[str] | set[str]"
) -> None:
    unknown = sorted(set(entry) - known)
    if unknown:
        names, choice = ", ".join(map(repr, unknown)), ", ".join(sorted(known))
        raise ScenarioError(f"{where}: unknown key {names}; known: {choice}")
