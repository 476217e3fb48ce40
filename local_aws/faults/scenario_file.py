"""Reads scenario files. Every mistake is refused by name."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local_aws.faults.scenario import PATTERNS, Fault, FaultKind, Scenario


class ScenarioError(ValueError):
    """The scenario cannot be used; the text names the entry and the key."""


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
    **dict.fromkeys((*PATTERNS, "mode"), str),
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
