"""Which of a batch's files still lack their output: what stands in S3 counts, whoever wrote it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from include.domain.batches.manifests import Shard, shard_file_name
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.lanes.jobs.records import InputFolder, LaneJob
from include.pipeline.ports.objects import ObjectStore


class JobOutputs:
    """The clean shards of a batch, and what its jobs have left of them."""

    def __init__(self, objects: ObjectStore, layout: BatchLayout, records: BatchRecords) -> None:
        self._objects = objects
        self._records = records
        self.folder = InputFolder(layout.input_prefix, layout.output_prefix)

    @cached_property
    def _clean(self) -> Mapping[str, Shard]:
        return {shard_file_name(s.index): s for s in self._records.validation().shards}

    def missing_of(self, job: LaneJob) -> tuple[str, ...]:
        """Return a job's files without an output."""
        return self._missing(job.folder, job.files)

    def missing_shards(self) -> dict[str, Shard]:
        """Return the batch's shards without an output, by file name."""
        return {name: self._clean[name] for name in self._missing(self.folder, [*self._clean])}

    def done_by(self, job: LaneJob, missing: Collection[str]) -> list[Shard]:
        """Return the shards among a job's files that are not missing; pieces are none."""
        done = {*job.files} - {*missing}
        return [shard for name, shard in self._clean.items() if name in done]

    def _missing(self, folder: InputFolder, files: Collection[str]) -> tuple[str, ...]:
        present = {info.uri for info in self._objects.list_objects(folder.output_prefix)}
        return tuple(name for name in files if folder.output(name) not in present)
