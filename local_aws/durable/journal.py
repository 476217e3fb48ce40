"""An append-only file of requests; what was appended survives the death of the process."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One request as it came: path and the headers that decide what it does."""

    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Journal:
    """Requests in the order they were acknowledged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    @property
    def size_bytes(self) -> int:
        """Length of the file."""
        return os.fstat(self._file).st_size

    def append(self, entry: Entry) -> None:
        """Write an entry whole; it is the operating system's afterwards."""
        head = {"path": entry.path, "headers": entry.headers, "length": len(entry.body)}
        data = memoryview(json.dumps(head).encode() + b"\n" + entry.body + b"\n")
        while data:
            data = data[os.write(self._file, data) :]

    def entries(self) -> Iterator[Entry]:
        """Yield what was appended; a last entry that was cut off was never acknowledged."""
        with self._path.open("rb") as file:
            while line := file.readline():
                try:
                    head = json.loads(line)
                except ValueError:
                    return
                body = file.read(head["length"])
                if len(body) < head["length"] or file.read(1) != b"\n":
                    return
                headers = tuple((name, value) for name, value in head["headers"])
                yield Entry(head["path"], headers, body)

    def clear(self) -> None:
        """Forget everything: a snapshot holds it."""
        os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
