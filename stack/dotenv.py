"""The stack's environment as a dotenv file: one KEY=VALUE a line, values quoted where needed."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from stack.passwords import write_private


def render(variables: Mapping[str, str]) -> str:
    """Return the lines in the order of their names; a POSIX shell reads them too.

    Raises:
        ValueError: a value holds a line break.
    """
    lines = []
    for name in sorted(variables):
        value = variables[name]
        if "\n" in value:
            raise ValueError(f"{name} holds a line break, which a dotenv file cannot carry")
        lines.append(f"{name}={shlex.quote(value)}\n")
    return "".join(lines)


def parse(text: str) -> dict[str, str]:
    """Return the variables that `render` wrote."""
    variables = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator and not name.lstrip().startswith("#"):
            variables[name.strip()] = "".join(shlex.split(value))
    return variables


def write(path: Path, variables: Mapping[str, str]) -> None:
    """Write the file with mode 0600, atomically."""
    write_private(path, render(variables))


def read(path: Path) -> dict[str, str]:
    """Read the file; empty where there is none."""
    return parse(path.read_text()) if path.exists() else {}
