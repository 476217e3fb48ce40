"""Where a batch's objects stand in the work bucket. Every lane reads and writes the same names."""

from __future__ import annotations

from dataclasses import dataclass

from include.domain.batches.manifests import shard_file_name


@dataclass(frozen=True, slots=True)
class BatchLayout:
    """S3 URIs of one batch."""

    work_bucket: str
    batch_id: str

    @property
    def root(self) -> str:
        """Prefix of everything below."""
        return f"s3://{self.work_bucket}/batches/{self.batch_id}/"

    @property
    def manifest(self) -> str:
        """The frozen manifest."""
        return self.root + "manifest.json"

    @property
    def validation(self) -> str:
        """What validation found: see `records.Validation`."""
        return self.root + "validation.json"

    @property
    def placement(self) -> str:
        """The router's answer."""
        return self.root + "placement.json"

    @property
    def lane_runs(self) -> str:
        """What the lane ran and when: see `records.LaneRun`."""
        return self.root + "lane_runs.json"

    @property
    def quality_report(self) -> str:
        """The run's data-docs page."""
        return self.root + "quality/index.html"

    @property
    def input_prefix(self) -> str:
        """Clean shards, what a lane reads."""
        return self.root + "input/"

    @property
    def output_prefix(self) -> str:
        """Prediction shards, what a lane writes."""
        return self.root + "output/"

    def lane_state(self, lane: str) -> str:
        """What a lane has asked for: see `include.pipeline.lanes.jobs.records`."""
        return f"{self.root}lanes/{lane}.json"

    def job_manifest(self, job_name: str) -> str:
        """Names the files a job is to do, in SageMaker's form."""
        return f"{self.root}jobs/{job_name}.manifest"

    def pieces_prefix(self, index: int) -> str:
        """Where a shard that fails as a whole lies in pieces."""
        return f"{self.root}pieces/{index:05d}/input/"

    def piece_outputs_prefix(self, index: int) -> str:
        """Where the outputs of its pieces go."""
        return f"{self.root}pieces/{index:05d}/output/"

    def raw_shard(self, index: int) -> str:
        """A shard as pulled, faulty rows included."""
        return f"{self.root}shards/{shard_file_name(index)}"

    def input_shard(self, index: int) -> str:
        """A clean shard."""
        return self.input_prefix + shard_file_name(index)

    def output_shard(self, index: int) -> str:
        """A shard's predictions, one line a document, in order."""
        return f"{self.output_prefix}{shard_file_name(index)}.out"

    def collected_shard(self, index: int) -> str:
        """What checking a shard's output found: see `records.Collection`."""
        return f"{self.root}collected/{index:05d}.json"

    def loaded_shard(self, store: str, index: int) -> str:
        """Stands once a store holds the whole shard."""
        return f"{self.root}loaded/{store}/{index:05d}"

    def quarantine_shard(self, index: int) -> str:
        """The documents of a shard that were set aside."""
        return f"{self.root}quarantine/{shard_file_name(index)}"


def batch_root(work_bucket: str, uri: str) -> str | None:
    """Return the prefix of the batch that an object belongs to; None where it is of no batch."""
    batches = f"s3://{work_bucket}/batches/"
    batch_id, separator, _ = uri.removeprefix(batches).partition("/")
    return f"{batches}{batch_id}/" if uri.startswith(batches) and separator else None
