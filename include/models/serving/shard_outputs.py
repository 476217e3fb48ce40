"""A shard's outputs, one a model: each appears whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

_BUFFER_BYTES = 1024 * 1024


class ShardOutputs:
    """Files under way, until they are put in place or thrown away.

    Args:
        outputs: where they will be, one a model.
        scratch: where they are written; on the same disk if possible.
    """

    def __init__(self, outputs: Sequence[Path], scratch: Path) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        self._outputs = outputs
        self._partials = [
            scratch / f"{output.name}.{os.getpid()}.{model}.partial"
            for model, output in enumerate(outputs)
        ]
        self._sinks: list[BinaryIO] = []
        self.documents = 0
        try:
            for partial in self._partials:
                self._sinks.append(partial.open("wb", buffering=_BUFFER_BYTES))
        except OSError:
            self.discard()
            raise

    def write(self, lines: Sequence[bytes]) -> None:
        """Append the lines of some documents, of each model."""
        self.documents += lines[0].count(b"\n")
        for sink, piece in zip(self._sinks, lines, strict=True):
            sink.write(piece)

    def put_in_place(self) -> None:
        """Finish the files, and move each to where it belongs, atomically."""
        for sink in self._sinks:
            sink.flush()
            os.fsync(sink.fileno())
            sink.close()
        for partial, output in zip(self._partials, self._outputs, strict=True):
            output.parent.mkdir(parents=True, exist_ok=True)
            _put_in_place(partial, output)

    def discard(self) -> None:
        """Leave nothing; harmless once they are in place."""
        for sink in self._sinks:
            sink.close()
        for partial in self._partials:
            partial.unlink(missing_ok=True)


def _put_in_place(partial: Path, output: Path) -> None:
    """Rename, or where the folders are on two disks copy beside it and rename there."""
    try:
        partial.replace(output)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = output.with_name(f".{partial.name}")
        shutil.copyfile(partial, beside)
        beside.replace(output)
