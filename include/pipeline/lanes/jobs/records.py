"""What a job lane has asked SageMaker for, kept beside the batch: the driver's only memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from include.domain.execution.jobs import job_name
from include.domain.lanes import Lane
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.ports.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class InputFolder:
    """Where a job reads, and where it leaves an output for each file it read.

    Attributes:
        input_prefix: S3 prefix of the files.
        output_prefix: S3 prefix of the `.out` objects.
        is_pieces: the files are pieces of one shard; see `isolate_records`.
    """

    input_prefix: str
    output_prefix: str
    is_pieces: bool = False

    def output(self, name: str) -> str:
        """Return the URI of a file's output."""
        return f"{self.output_prefix}{name}.out"


@dataclass(frozen=True, slots=True)
class LaneJob:
    """One job over some files.

    Attributes:
        name: SageMaker's name for it.
        folder: where the files are.
        files: their names, relative to the folder.
        tries: jobs over just these files that ended before without a new output.
        is_settled: it has ended, and its missing outputs are another job's.
    """

    name: str
    folder: InputFolder
    files: tuple[str, ...]
    tries: int = 0
    is_settled: bool = False

    @property
    def is_in_pieces(self) -> bool:
        """Whether its files are pieces of a shard."""
        return self.folder.is_pieces


@dataclass(frozen=True, slots=True)
class LaneJobs:
    """Every job of a batch on one lane.

    Attributes:
        jobs: in the order they were asked for.
        fruitless: jobs that ended one after the other without a new output.
        first_number: of the first of them; the numbers before are other jobs of the lane.
        reinforced_to: jobs that were to work at once when helpers were added; 0 for none were.
    """

    jobs: tuple[LaneJob, ...] = ()
    fruitless: int = 0
    first_number: int = 0
    reinforced_to: int = 0

    @property
    def open_jobs(self) -> tuple[LaneJob, ...]:
        """Those that are not settled."""
        return tuple(job for job in self.jobs if not job.is_settled)

    def settle(self, job: LaneJob) -> LaneJobs:
        """Mark a job as settled."""
        jobs = (replace(each, is_settled=True) if each == job else each for each in self.jobs)
        return replace(self, jobs=tuple(jobs))

    def given_up(self) -> LaneJobs:
        """Mark all jobs as settled, so that whoever comes next begins anew."""
        jobs = tuple(replace(each, is_settled=True) for each in self.jobs)
        return replace(self, jobs=jobs, fruitless=0)

    def reinforce(self, wanted: int) -> LaneJobs:
        """Note that helpers were added, so that so many jobs work at once."""
        return replace(self, reinforced_to=wanted)

    def count(self, has_progress: bool) -> LaneJobs:
        """Count a job that ended, with or without a new output."""
        return replace(self, fruitless=0 if has_progress else self.fruitless + 1)

    def add(
        self, lane: Lane, batch_id: str, folder: InputFolder, files: tuple[str, ...], tries: int = 0
    ) -> LaneJobs:
        """Add a job, under the next name."""
        name = job_name(lane, batch_id, self.first_number + len(self.jobs))
        return replace(self, jobs=(*self.jobs, LaneJob(name, folder, files, tries)))


class JobRecords:
    """Reads and writes the jobs of one batch on one lane.

    Args:
        first_number: where others of the lane's jobs are kept elsewhere, the first that are not.
    """

    def __init__(
        self, objects: ObjectStore, layout: BatchLayout, lane: Lane, first_number: int = 0
    ) -> None:
        self._objects = objects
        self._layout = layout
        self._first_number = first_number
        self._uri = layout.lane_state(f"{lane}-{first_number}" if first_number else lane)

    def load(self) -> LaneJobs:
        """Read the jobs; none where nothing was asked for yet."""
        if not self._objects.exists(self._uri):
            return LaneJobs(first_number=self._first_number)
        return _JOBS.validate_json(self._objects.read_text(self._uri))

    def save(self, jobs: LaneJobs) -> None:
        """Write the jobs; before any of them is launched."""
        self._objects.write_text(self._uri, _JOBS.dump_json(jobs).decode())

    def write_manifest(self, job: LaneJob) -> str:
        """Write the manifest of a job's files as SageMaker reads it; return its URI."""
        uri = self._layout.job_manifest(job.name)
        self._objects.write_text(uri, json.dumps([{"prefix": job.folder.input_prefix}, *job.files]))
        return uri


_JOBS = TypeAdapter(LaneJobs)
