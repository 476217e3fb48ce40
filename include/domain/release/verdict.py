"""What a release's gates said of a version: `verdict.json` in its evidence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VERDICT_FILE = "verdict.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gates' answer on one artifact.

    Attributes:
        model_name: registered model.
        version: registry version.
        digest: sha256 (hex) of the served artifact that was judged.
        against: the champion's version that it was compared with; empty where it was with none.
        passed: every gate did.
        failures: of each gate that did not, a sentence saying by how much.
    """

    model_name: str
    version: str
    digest: str
    against: str
    passed: bool
    failures: tuple[str, ...]


def parse_verdict(text: str, *, source: str) -> Verdict:
    """Read `verdict.json`.

    `{"format": 1, "model": {"name", "version", "digest"}, "against": {"version"} or null,
    "passed": bool, "gates": [{"name", "passed", "sentence", ...}]}`; other keys are left alone. It
    passes only if every gate of it does.

    Args:
        source: where it stands, for the message.

    Raises:
        ValueError: it is not such an object.
    """
    try:
        record: Mapping[str, Any] = json.loads(text)
        if record["format"] != FORMAT:
            raise ValueError(f"format {record['format']!r} is not {FORMAT}")
        model, gates = record["model"], record["gates"]
        failures = tuple(
            f"{gate['name']}: {gate['sentence']}" for gate in gates if gate["passed"] is not True
        )
        return Verdict(
            model_name=str(model["name"]),
            version=str(model["version"]),
            digest=str(model["digest"]),
            against=str((record.get("against") or {}).get("version", "")),
            passed=record["passed"] is True and not failures and bool(gates),
            failures=failures,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"{source} is no verdict: {type(exc).__name__} {exc}") from exc
