"""Which program stands for a container image on this host."""

import dataclasses
import json
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Image:
    """An image's interpreter and the folder that stands for its ``/opt/program``."""

    python: Path
    program: Path


class ImageRegistry:
    """Reads the images file at each look-up, so that an edit needs no restart.

    The file is JSON: ``{"<image URI>": {"python": "/abs/python", "program": "/abs/folder"}}``.
    Relative paths are taken from the file's own folder.
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
        return Image(folder / entry["python"], (folder / entry["program"]).resolve())
