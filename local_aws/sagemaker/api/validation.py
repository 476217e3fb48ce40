"""Check a request against botocore's own service model, with SageMaker's wording."""

import functools
import re
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from local_aws.sagemaker.errors import validation_exception

_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float, str),
    "blob": (str,),
}

#: Java's Unicode classes as Python's ``re`` knows them, for use inside brackets.
_UNICODE_CLASSES = {
    r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{M}": "", r"\p{Z}": r"\s",
    r"\p{Alnum}": "a-zA-Z0-9",
}  # fmt: skip


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """``pattern`` as Python reads it, or None where the dialects differ too much."""
    for java, python in _UNICODE_CLASSES.items():
        pattern = pattern.replace(java, python)
    try:
        return re.compile(pattern)
    except re.error:
        return None


def check(shape: Shape, value: Any) -> None:
    """Raise a ValidationException that lists each constraint ``value`` breaks, as AWS does."""
    problems: list[str] = []
    _walk(shape, value, "", problems)
    if problems:
        count = len(problems)
        noun = "error" if count == 1 else "errors"
        raise validation_exception(f"{count} validation {noun} detected: {'; '.join(problems)}")


def _walk(shape: Shape, value: Any, path: str, problems: list[str]) -> None:
    expected = _JSON_TYPES.get(shape.type_name, (object,))
    is_bool_as_number = isinstance(value, bool) and shape.type_name != "boolean"
    is_expected = isinstance(value, expected) and not is_bool_as_number
    if not is_expected:
        problems.append(f"Value at '{path}' must be of type {shape.type_name}")
        return
    if isinstance(shape, StructureShape):
        _walk_structure(shape, value, path, problems)
    elif isinstance(shape, ListShape):
        _check_range(shape, len(value), value, path, "length", problems)
        for index, item in enumerate(value, start=1):
            _walk(shape.member, item, f"{path}.{index}.member", problems)
    elif isinstance(shape, MapShape):
        _check_range(shape, len(value), value, path, "length", problems)
        for key, item in value.items():
            _walk(shape.key, key, path, problems)
            _walk(shape.value, item, f"{path}.{key}.member", problems)
    elif isinstance(shape, StringShape):
        _check_string(shape, value, path, problems)
    elif shape.type_name in {"integer", "long", "float", "double"}:
        _check_range(shape, value, value, path, "value", problems)


def _walk_structure(
    shape: StructureShape, value: dict[str, Any], path: str, problems: list[str]
) -> None:
    for name in shape.required_members:
        if value.get(name) is None:
            problems.append(
                f"Value null at '{_child(path, name)}' failed to satisfy constraint: "
                "Member must not be null"
            )
    for name, item in value.items():
        member = shape.members.get(name)
        if member is None:
            problems.append(f"Unknown member '{name}' at '{path or shape.name}'")
        elif item is not None:
            _walk(member, item, _child(path, name), problems)


def _check_string(shape: StringShape, value: str, path: str, problems: list[str]) -> None:
    if shape.enum and value not in shape.enum:
        problems.append(
            f"Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        )
    _check_range(shape, len(value), value, path, "length", problems)
    pattern = shape.metadata.get("pattern")
    compiled = _compiled(pattern) if pattern else None
    if compiled is not None and not compiled.fullmatch(value):
        problems.append(
            f"Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {pattern}"
        )


def _check_range(
    shape: Shape, measure: float, value: Any, path: str, what: str, problems: list[str]
) -> None:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    noun = "have length" if what == "length" else "have value"
    constraint = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {noun}"
    if low is not None and measure < low:
        problems.append(f"{constraint} greater than or equal to {low}")
    if high is not None and measure > high:
        problems.append(f"{constraint} less than or equal to {high}")


def _child(path: str, name: str) -> str:
    """``name`` under ``path`` with the first letter lowered, as AWS prints members."""
    lowered = name[0].lower() + name[1:]
    return f"{path}.{lowered}" if path else lowered


def pruned(shape: Shape | None, value: Any) -> Any:
    """``value`` with only the members that ``shape`` has, recursively; for responses."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            name: pruned(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [pruned(shape.member, item) for item in value]
    return value
