"""What pydantic refuses, in a line for a person. What was given is left out: it may be secret."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import ValidationError


def in_one_line(refused: ValidationError, named: Callable[[str], str] = str) -> str:
    """Return each field that is refused, and why.

    Args:
        refused: what pydantic raised.
        named: from a field, or a path of fields joined by dots, to the name that people know.
    """
    return "; ".join(
        f"{named('.'.join(map(str, each['loc'])))}: {each['msg']}" if each["loc"] else each["msg"]
        for each in refused.errors(include_input=False, include_url=False)
    )
