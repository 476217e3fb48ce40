"""The composition as the lane operator and its trigger use it, over a world of fakes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from include.adapters.aws.clients import AwsAddress
from include.domain.lanes import Lane
from include.domain.placement.routing import Placement
from include.pipeline.batch.collect_batch import CollectPorts
from include.pipeline.batch.load_batch import AheadLoader, Target
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.lanes.jobs.run_job import JobDriver
from tests.support.batches import World, profile

ADDRESS = AwsAddress("eu-central-1", (("s3", "http://s3"), ("sagemaker", "http://sagemaker")))


@dataclass
class LaneProduct:
    """One routed batch.

    Attributes:
        is_late: whether an hour has passed since the job started.
    """

    world: World
    layout: BatchLayout
    is_late: bool = False
    settings: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(
            defer_after_s=60.0, deferred_look_s=0.001, ahead_shards=2
        )
    )

    def placement(self, batch_id: str) -> Placement:
        return BatchRecords(self.world.objects, self.layout).placement()

    def driver(self, batch_id: str, lane: Lane) -> JobDriver:
        return JobDriver(
            self.layout,
            lane,
            profile=profile(lane),
            objects=self.world.objects,
            registry=self.world.registry,
            runner=self.world.runner,
            now=lambda: datetime.now(UTC) + timedelta(hours=1 if self.is_late else 0),
        )

    def ahead_loader(self, batch_id: str) -> AheadLoader:
        world = self.world
        targets = (
            Target("dynamodb", world.write_store.put),
            Target("aurora", world.read_store.load_predictions),
        )
        ports = CollectPorts(world.objects, world.registry, world.gate, world.read_store)
        return AheadLoader(self.layout, targets, ports)

    def outputs(self, batch_id: str) -> int:
        return len(self.world.objects.list_objects(self.layout.output_prefix))

    def aws_in_use(self) -> AwsAddress:
        return ADDRESS
