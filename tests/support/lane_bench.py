"""A batch's input and a job runner or endpoint to put it through, fake or real."""

from __future__ import annotations

import io
import json
import tarfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from include.adapters.aws.s3.object_store import S3ObjectStore
from include.adapters.aws.sagemaker.sagemaker_models import ServingSite
from include.domain.execution.jobs import JobRef, JobSpec, JobStatus, job_name
from include.domain.lanes import Lane
from include.domain.model_ref import ModelRef
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.ports.remote_work import JobRunner
from tests.support.fakes import FakeObjectStore
from tests.support.local_aws import FIXTURE_IMAGE, ROLE_ARN, LocalAws

SITE = ServingSite(image_uri=FIXTURE_IMAGE, role_arn=ROLE_ARN)


def request_lines(count: int, prefix: str = "d") -> bytes:
    """Request lines of `count` documents."""
    lines = [json.dumps({"id": f"{prefix}{n}", "text": f"text {n}"}) for n in range(count)]
    return "".join(line + "\n" for line in lines).encode()


@dataclass
class LaneBench:
    """One batch of its own name in the work bucket; `model` is of its own version."""

    objects: ObjectStore
    folder: Path
    batch_id: str = field(default_factory=lambda: f"b-{uuid.uuid4().hex[:20]}")

    @property
    def root(self) -> str:
        return f"s3://twolane-work/batches/{self.batch_id}/"

    @property
    def model(self) -> ModelRef:
        return ModelRef("news-topic", self.batch_id[2:10], "d" * 64)

    def put(self, uri: str, content: bytes) -> None:
        path = self.folder / uuid.uuid4().hex
        path.write_bytes(content)
        self.objects.upload(path, uri)

    def put_artifact(self) -> str:
        """Upload a model artifact; return its URI."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            label = tarfile.TarInfo("label.txt")
            label.size = 3
            archive.addfile(label, io.BytesIO(b"cat"))
        uri = f"s3://twolane-models/news-topic/{self.model.version}/model.tar.gz"
        self.put(uri, buffer.getvalue())
        return uri

    def put_shards(self, *counts: int) -> None:
        """Upload one clean shard a count."""
        for index, count in enumerate(counts):
            uri = f"{self.root}input/{index:05d}.jsonl"
            self.put(uri, request_lines(count, f"s{index}-"))

    def output_ids(self) -> dict[str, list[str]]:
        """Ids of the outputs, in order, by object name."""
        prefix = f"{self.root}output/"
        return {
            info.uri.removeprefix(prefix): [
                json.loads(line)["id"] for line in self.objects.read_text(info.uri).splitlines()
            ]
            for info in self.objects.list_objects(prefix)
        }

    def spec(self, lane: Lane, attempt: int = 0) -> JobSpec:
        return JobSpec(
            name=job_name(lane, self.batch_id, attempt),
            lane=lane,
            model=self.model,
            input_prefix=f"{self.root}input/",
            output_prefix=f"{self.root}output/",
            instance_type="ml.m5.xlarge",
            instance_count=1,
            max_runtime_s=900,
            tags={"twolane:batch": self.batch_id},
        )


def fake_bench(folder: Path) -> LaneBench:
    return LaneBench(FakeObjectStore(), folder)


def real_bench(cloud: LocalAws, folder: Path) -> LaneBench:
    return LaneBench(S3ObjectStore(cloud.client("s3")), folder)


def wait_final(runner: JobRunner, job: JobRef, timeout_s: float = 90.0) -> JobStatus:
    """Observe a job until it has ended."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        status = runner.status(job)
        assert status is not None
        if status.state.is_final:
            return status
        time.sleep(0.02)
    raise TimeoutError(f"{job.name} did not end in {timeout_s} s")


@pytest.fixture(params=["fake", "sagemaker"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which of the two a contract is held to."""
    return str(request.param)


@pytest.fixture
def bench(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> LaneBench:
    """Where the lane under test reads and writes."""
    if kind == "fake":
        return fake_bench(tmp_path)
    return real_bench(request.getfixturevalue("cloud"), tmp_path)
