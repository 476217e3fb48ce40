"""A batch that is placed on a lane of the embedded AWS, for drivers with our container."""

from __future__ import annotations

import io
import json
import tarfile
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from include.adapters.aws.s3.object_store import S3ObjectStore
from include.adapters.aws.sagemaker.jobs.sagemaker_jobs import SageMakerJobRunner
from include.adapters.aws.sagemaker.sagemaker_models import ServingSite
from include.domain.accounts import Tier
from include.domain.batches.manifests import BatchManifest, Shard, shard_file_name
from include.domain.lanes import Lane, LaneProfile
from include.domain.model_ref import ModelCard, ModelRef
from include.domain.placement.routing import Placement
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords, LaneRun, Validation
from include.pipeline.lanes.driver import LaneDriver, LaneProgress
from include.pipeline.lanes.jobs.run_job import JobDriver
from include.pipeline.lanes.spot.jobs import SpotPorts
from include.pipeline.lanes.spot.run_spot import SpotDriver
from tests.support.batches import profile
from tests.support.container import CONTRACT
from tests.support.fakes import FakeModelRegistry
from tests.support.local_aws import REGISTRY, ROLE_ARN, LocalAws

SITE = ServingSite(image_uri=f"{REGISTRY}/twolane-serving:1", role_arn=ROLE_ARN)
TOKENS = 5
LONGEST_PAUSE_S = 0.5


@dataclass
class PlacedBatch:
    """A batch of shards `counts` documents long; every look is made by a fresh driver.

    `now` is the drivers' clock, which the embedded AWS does not follow.
    """

    cloud: LocalAws
    lane: Lane
    counts: Sequence[int]
    folder: Path
    instances: int = 1
    deadline_s: float = 600.0
    tokens_per_s: float = 50_000.0
    cold_start_s: float = 1.0
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __post_init__(self) -> None:
        name = uuid.uuid4().hex[:20]
        self.model = ModelRef("news-topic", name[:12], "d" * 64)
        self.layout = BatchLayout("twolane-work", f"b-{name}")
        self.objects = S3ObjectStore(self.cloud.client("s3"))
        self.registry = FakeModelRegistry(with_default=False)
        self.registry.add("champion", self.model, ModelCard(("a", "b"), 256))
        self.runner = SageMakerJobRunner(self.cloud.client("sagemaker"), SITE)
        self.records = BatchRecords(self.objects, self.layout)
        self._put_model()
        self._put_records(self._put_shards())

    def driver(self) -> LaneDriver:
        lane_profile = self.profile()
        if self.lane is Lane.SPOT:
            return SpotDriver(
                self.layout,
                profile=lane_profile,
                loading_documents_per_s=1e9,
                ports=SpotPorts(self.objects, self.registry, self.runner),
                now=self.now,
            )
        return JobDriver(
            self.layout,
            self.lane,
            profile=lane_profile,
            objects=self.objects,
            registry=self.registry,
            runner=self.runner,
            now=self.now,
        )

    def profile(self) -> LaneProfile:
        return profile(
            self.lane,
            tokens_per_s=self.tokens_per_s,
            cold_start_s=self.cold_start_s,
            price_usd_per_h=0.3,
            on_demand_usd_per_h=1.0,
        )

    def run(self) -> tuple[LaneRun, ...]:
        """Drive the batch to its end; return what is charged."""
        self.drive_until(lambda progress: progress.is_done)
        return self.records.lane_runs()

    def drive_until(
        self, is_reached: Callable[[LaneProgress], bool], timeout_s: float = 200.0
    ) -> LaneProgress:
        """Drive the batch until a look finds what is looked for; return that look's progress."""
        deadline = time.monotonic() + timeout_s
        while not is_reached(progress := self.driver().advance()):
            assert not progress.is_done, progress.message
            assert time.monotonic() < deadline, progress.message
            time.sleep(min(progress.look_again_s, LONGEST_PAUSE_S))
        return progress

    def answered(self) -> list[dict[str, object]]:
        """Every answer, in the order of the shards."""
        uris = [self.layout.output_shard(index) for index in range(len(self.counts))]
        return [
            json.loads(line) for uri in uris for line in self.objects.read_text(uri).splitlines()
        ]

    def expected_ids(self) -> list[str]:
        return [f"{shard}-{n}" for shard, count in enumerate(self.counts) for n in range(count)]

    def shard_names(self) -> list[str]:
        """Names of the batch's shards, as its containers see them."""
        return [shard_file_name(index) for index in range(len(self.counts))]

    def outputs(self) -> list[str]:
        """Names of everything below the output prefix."""
        prefix = self.layout.output_prefix
        return [info.uri.removeprefix(prefix) for info in self.objects.list_objects(prefix)]

    def _put_model(self) -> None:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            tar.add(CONTRACT / "trivial_model" / "model.json", "model.json")
        path = self.folder / "model.tar.gz"
        path.write_bytes(buffer.getvalue())
        self.objects.upload(path, self.registry.artifact_url(self.model))

    def _put_shards(self) -> tuple[Shard, ...]:
        path, shards = self.folder / "shard", []
        for index, count in enumerate(self.counts):
            lines = [f'{{"id":"{index}-{n}","text":"text-{n}"}}\n' for n in range(count)]
            path.write_text("".join(lines))
            uri = self.layout.input_prefix + shard_file_name(index)
            self.objects.upload(path, uri)
            shards.append(Shard(index, uri, count, count * TOKENS, max(map(len, lines))))
        return tuple(shards)

    def _put_records(self, shards: tuple[Shard, ...]) -> None:
        now = self.now()
        self.records.save_manifest(
            BatchManifest(
                batch_id=self.layout.batch_id,
                submission_key="k",
                batch_uris=("s3://twolane-inbox/x",),
                content_digest="c",
                account="standard-harbor",
                tier=Tier.STANDARD,
                model=self.model,
                submitted_at=now,
                deadline_at=now + timedelta(seconds=self.deadline_s),
                shards=shards,
            )
        )
        self.records.save_validation(Validation(shards, 0, ()))
        self.records.save_placement(
            Placement(self.lane, "ml.c5.xlarge", self.instances, 10.0, 0.1, True, "test", ())
        )
