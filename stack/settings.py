"""Ports: the settings a user may change, from the environment or `.twolane/settings.toml`."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from stack.errors import StackError

HOST = "127.0.0.1"

_PREFIX = "TWOLANE_PORT_"


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports on 127.0.0.1, one a server.

    Each may be set by the variable `TWOLANE_PORT_<NAME>` or under `[ports]` in the settings file;
    the variable wins.
    """

    airflow: int = 8080
    mlflow: int = 5000
    postgres: int = 5433
    aws: int = 4566
    sagemaker: int = 4567

    def __post_init__(self) -> None:
        """Refuse ports out of range and ports named twice."""
        taken: dict[int, str] = {}
        for name, port in asdict(self).items():
            if not 1 <= port <= 65535:
                raise StackError(f"{variable(name)}={port} is no TCP port (1 to 65535)")
            if port in taken:
                raise StackError(f"{variable(name)} and {variable(taken[port])} are both {port}")
            taken[port] = name


def variable(name: str) -> str:
    """Return the environment variable that sets a server's port."""
    return f"{_PREFIX}{name.upper()}"


def port_variables(ports: Ports) -> dict[str, str]:
    """Return the variables that set these ports."""
    return {variable(name): str(port) for name, port in asdict(ports).items()}


def load_ports(settings_file: Path, environment: Mapping[str, str] = os.environ) -> Ports:
    """Read the ports.

    Raises:
        StackError: an unknown name, or a value that is no port.
    """
    known = {field.name for field in fields(Ports)}
    values = _from_file(settings_file)
    for key, value in environment.items():
        if key.startswith(_PREFIX):
            values[key.removeprefix(_PREFIX).lower()] = value
    unknown = sorted(values.keys() - known)
    if unknown:
        raise StackError(
            f"unknown port setting(s) {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        )
    try:
        return Ports(**{name: int(str(value)) for name, value in values.items()})
    except ValueError as error:
        raise StackError(f"a port setting is no whole number: {error}") from error


def _from_file(settings_file: Path) -> dict[str, object]:
    if not settings_file.exists():
        return {}
    try:
        document = tomllib.loads(settings_file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise StackError(f"{settings_file} is not TOML: {error}") from error
    unknown = sorted(document.keys() - {"ports"})
    if unknown:
        raise StackError(f"{settings_file} has unknown table(s) {', '.join(unknown)}")
    return dict(document.get("ports", {}))
