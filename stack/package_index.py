"""Hands pip's index configuration to uv, so that a mirror set up for pip keeps working."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

#: pip's key -> uv's variable.
_VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}

#: pip's own precedence: the environment over `[install]` over `[global]`.
_SECTIONS = ("global", "install", ":env:")


def read_pip_configuration() -> str:
    """Return the output of `pip config list`; empty where pip cannot say."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout if result.returncode == 0 else ""


def parse_pip_configuration(listing: str) -> dict[str, str]:
    """Return pip's effective values by key from the lines of `pip config list`.

    Lines look like `global.index-url='https://mirror/simple'`; others are ignored.
    """
    by_section: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in listing.splitlines():
        name, separator, value = line.partition("=")
        section, dot, key = name.strip().rpartition(".")
        if separator and dot and section in by_section:
            by_section[section][key] = value.strip().strip("'\"").replace("\\n", " ")
    effective: dict[str, str] = {}
    for section in _SECTIONS:
        effective.update(by_section[section])
    return effective


def uv_environment(listing: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables uv needs to see what pip sees.

    A variable the user has set for uv already is left alone. Several indexes are merged as pip
    merges them: the best version wins, whichever index has it.
    """
    values = parse_pip_configuration(listing)
    result = {
        variable: " ".join(values[key].split())
        for key, variable in _VARIABLES.items()
        if values.get(key) and variable not in environment
    }
    if "UV_FIND_LINKS" in result:
        result["UV_FIND_LINKS"] = result["UV_FIND_LINKS"].replace(" ", ",")
    if "UV_INDEX" in result and "UV_INDEX_STRATEGY" not in environment:
        result["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return result
