"""Which program stands for a container image on this host."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Image:
    """A container image on this host.

    Attributes:
        python: its interpreter.
        program: the folder that stands for its ``/opt/program``.
        environment: the variables that the image sets.
        hint: how to get the interpreter where it is not there.
    """

    python: Path
    program: Path
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    hint: str = ""

    @property
    def absence(self) -> str | None:
        """Why it cannot be run; None where it can."""
        if self.python.exists():
            return None
        hint = f": {self.hint}" if self.hint else ""
        return f"its interpreter {self.python} is not installed{hint}"


class ImageRegistry:
    """Reads the images file at each look-up, so that an edit needs no restart.

    The file is JSON: ``{"<image URI>": {"python": "/abs/python", "program": "/abs/folder"}}``,
    with ``environment`` and ``hint`` where an image has them. Relative paths are taken from the
    file's own folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, uri: str) -> Image | None:
        """The image called ``uri``, or None if the file has no such entry."""
        try:
            entries = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        entry = entries.get(uri)
        if entry is None:
            return None
        folder = self._path.parent
        # Not resolve(): a virtual environment's python is a link whose place matters.
        return Image(
            python=folder / entry["python"],
            program=(folder / entry["program"]).resolve(),
            environment=entry.get("environment", {}),
            hint=entry.get("hint", ""),
        )
