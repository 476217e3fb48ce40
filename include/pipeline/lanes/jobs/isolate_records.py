"""A shard that no job gets through is taken to pieces, until the record at fault stands alone.

The container answers each document by itself, so a bad one costs nothing but its own answer. This
is for what the container cannot catch: a record that ends its process, or a request that fails as a
whole and takes its file with it, as Batch Transform has it.
"""

from __future__ import annotations

import json
import math
import tempfile
from itertools import islice
from pathlib import Path

from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.lanes.jobs.records import InputFolder, LaneJob
from include.pipeline.ports.objects import ObjectStore

PATIENCE = 2
"""Jobs that may lose a file one after the other before the file itself is suspected."""

REASON_CHARACTERS = 300
ERROR_CODE = "model_failed"


def split_files(files: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the two halves of files that fail together."""
    middle = len(files) // 2
    return files[:middle], files[middle:]


class RecordIsolation:
    """Cuts files of one batch, and puts their outputs together again."""

    def __init__(self, objects: ObjectStore, layout: BatchLayout) -> None:
        self._objects = objects
        self._layout = layout

    def isolate(self, job: LaneJob, name: str, reason: str) -> tuple[InputFolder, tuple[str, ...]]:
        """Cut a file that fails into about as many pieces as each will have records.

        A lone record gets an error answer with the reason; it goes to quarantine with it.

        Returns:
            The pieces and where they lie; no pieces where the record stood alone.
        """
        with tempfile.TemporaryDirectory(prefix="twolane-pieces-") as scratch:
            path = Path(scratch) / "file"
            self._objects.download(job.folder.input_prefix + name, path)
            count = _records_in(path)
            if count <= 1:
                self._answer_with_error(path, job.folder.output(name), reason)
                return job.folder, ()
            return self._cut(job, name, path, count)

    def assemble(self, shards: tuple[str, ...]) -> None:
        """Write the output of each of these shards whose pieces all have theirs."""
        for name in shards:
            index = int(name.partition(".")[0])
            folder = self._pieces(index)
            outputs = [
                info.uri.removeprefix(folder.output_prefix)
                for info in self._objects.list_objects(folder.output_prefix)
            ]
            if outputs:
                self._join(index, folder, sorted(outputs))

    def _cut(
        self, job: LaneJob, name: str, path: Path, count: int
    ) -> tuple[InputFolder, tuple[str, ...]]:
        if job.is_in_pieces:
            folder, start = job.folder, int(name.partition("-")[0])
        else:
            folder, start = self._pieces(int(name.partition(".")[0])), 0
        size = min(math.ceil(math.sqrt(count)), math.ceil(count / 2))
        names = []
        piece = path.with_name("piece")
        with path.open("rb") as lines:
            while chunk := list(islice(lines, size)):
                piece.write_bytes(b"".join(chunk))
                names.append(f"{start:08d}-{len(chunk):08d}.jsonl")
                self._objects.upload(
                    piece, folder.input_prefix + names[-1], "application/jsonlines"
                )
                start += len(chunk)
        return folder, tuple(names)

    def _join(self, index: int, folder: InputFolder, outputs: list[str]) -> None:
        """Write the shard's output if the pieces' outputs follow each other without a gap."""
        with tempfile.TemporaryDirectory(prefix="twolane-pieces-") as scratch:
            path, part = Path(scratch) / "shard", Path(scratch) / "part"
            self._objects.download(self._layout.input_shard(index), path)
            expected, reached = _records_in(path), 0
            with path.open("wb") as joined:
                for name in outputs:
                    start, _, rest = name.partition("-")
                    if int(start) != reached:
                        return
                    self._objects.download(folder.output_prefix + name, part)
                    joined.write(part.read_bytes())
                    reached += int(rest.partition(".")[0])
            if reached == expected:
                uri = self._layout.output_shard(index)
                self._objects.upload(path, uri, "application/jsonlines")

    def _answer_with_error(self, path: Path, uri: str, reason: str) -> None:
        record = json.loads(path.read_bytes())
        error = {"code": ERROR_CODE, "message": reason[:REASON_CHARACTERS]}
        answer = json.dumps({"id": record["id"], "error": error})
        self._objects.write_text(uri, answer + "\n", "application/jsonlines")

    def _pieces(self, index: int) -> InputFolder:
        return InputFolder(
            self._layout.pieces_prefix(index),
            self._layout.piece_outputs_prefix(index),
            is_pieces=True,
        )


def _records_in(path: Path) -> int:
    with path.open("rb") as lines:
        return sum(1 for _ in lines)
