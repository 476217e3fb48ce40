"""The composition of the lanes: how a batch is driven on each, and the watch over their health."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from include.config import Settings
from include.domain.lanes import Lane, LaneProfile
from include.files.lanes_file import LanesFile
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords, LaneRun
from include.wiring.composition import Adapters, utc_now

if TYPE_CHECKING:
    from include.adapters.aws.clients import AwsAddress
    from include.pipeline.lanes.driver import LaneDriver
    from include.pipeline.lanes.health import LaneWatch


class LaneWiring(Adapters):
    """What runs a batch on its lane, wired to its adapters.

    Args:
        lanes: the lanes file.
        now: the clock, timezone-aware.
        aws: which AWS; the environment's when None.
    """

    def __init__(
        self,
        settings: Settings,
        lanes: LanesFile,
        now: Callable[[], datetime] = utc_now,
        aws: AwsAddress | None = None,
    ) -> None:
        super().__init__(settings, aws)
        self.lanes = lanes
        self._now = now

    def run_serverless(self, batch_id: str) -> LaneRun:
        """See `include.pipeline.lanes.serverless.run_serverless`."""
        with self.lane_watch.reporting(Lane.SERVERLESS, batch_id):
            run = self._run_serverless(batch_id)
        self.lane_watch.succeeded(
            Lane.SERVERLESS, batch_id, run.resource_id, started_at=run.started_at
        )
        return run

    def _run_serverless(self, batch_id: str) -> LaneRun:
        from include.pipeline.lanes.serverless.run_serverless import (
            InvocationPolicy,
            run_serverless,
        )

        return run_serverless(
            self.layout(batch_id),
            policy=InvocationPolicy(
                self.settings.serverless_documents_per_call,
                self.settings.serverless_concurrency,
                self.settings.serverless_tokens_per_call,
                self.settings.serverless_call_s,
                self.settings.serverless_throttled_s,
                self.lanes.lanes[Lane.SERVERLESS].tokens_per_s,
            ),
            now=self._now,
            objects=self.objects,
            registry=self.registry,
            endpoint=self.endpoint,
        )

    def driver(self, batch_id: str, lane: Lane) -> LaneDriver:
        """Return what drives a batch on a lane that takes its time; see `LaneDriver`.

        How it ends is reported to the lane's circuit breaker.
        """
        from include.pipeline.lanes.watched_driver import WatchedDriver

        def started_at() -> datetime:
            runs = BatchRecords(self.objects, self.layout(batch_id)).lane_runs()
            return min((run.started_at for run in runs), default=self._now())

        return WatchedDriver(
            self._driver(batch_id, lane),
            self.lane_watch,
            lane=lane,
            batch_id=batch_id,
            started_at=started_at,
        )

    def _leave(self, batch_id: str, lane: Lane) -> None:
        """Stop what a lane may be doing for a batch; the serverless lane does nothing unasked."""
        if lane is not Lane.SERVERLESS:
            self._driver(batch_id, lane).stop()

    def _driver(self, batch_id: str, lane: Lane) -> LaneDriver:
        from include.pipeline.lanes.jobs.run_job import JobDriver

        if lane is Lane.ASYNC_ENDPOINT:
            return self._async_driver(batch_id)
        if lane is Lane.SPOT:
            return self._spot_driver(batch_id)
        return JobDriver(
            self.layout(batch_id),
            lane,
            profile=self._profile(lane),
            objects=self.objects,
            registry=self.registry,
            runner=self.job_runner,
            now=self._now,
        )

    def _warm_lanes(self, batch_id: str) -> frozenset[Lane]:
        """Return the lanes that have an instance in service for the batch's model."""
        if Lane.ASYNC_ENDPOINT not in self.lanes.lanes:
            return frozenset()
        profile = self._profile(Lane.ASYNC_ENDPOINT)
        endpoint = self.async_endpoint(profile.instance_type, profile.max_instances)
        model = BatchRecords(self.objects, self.layout(batch_id)).manifest().model
        count = endpoint.instance_count(endpoint.endpoint_name(model))
        return frozenset({Lane.ASYNC_ENDPOINT}) if count else frozenset()

    def _async_driver(self, batch_id: str) -> LaneDriver:
        from include.pipeline.lanes.async_endpoint.run_async import AsyncDriver

        profile = self._profile(Lane.ASYNC_ENDPOINT)
        return AsyncDriver(
            self.layout(batch_id),
            profile=profile,
            objects=self.objects,
            registry=self.registry,
            endpoint=self.async_endpoint(profile.instance_type, profile.max_instances),
            now=self._now,
        )

    def _spot_driver(self, batch_id: str) -> LaneDriver:
        from include.pipeline.lanes.spot.jobs import SpotPorts
        from include.pipeline.lanes.spot.run_spot import SpotDriver

        return SpotDriver(
            self.layout(batch_id),
            profile=self._profile(Lane.SPOT),
            loading_documents_per_s=self.settings.loading_documents_per_s,
            ports=SpotPorts(self.objects, self.registry, self.job_runner),
            now=self._now,
        )

    def _profile(self, lane: Lane) -> LaneProfile:
        return next(profile for profile in self.lanes.profiles() if profile.lane is lane)

    def aws_in_use(self) -> AwsAddress:
        """Return which AWS the lanes run on, for a process that shall reach the same."""
        from include.adapters.aws.clients import LANE_SERVICES, AwsAddress

        return self.aws or AwsAddress.in_use(LANE_SERVICES)

    @cached_property
    def lane_watch(self) -> LaneWatch:
        """The health of lanes; see `include.pipeline.lanes.health`."""
        from include.pipeline.lanes.health import LaneWatch

        policy = self.settings.breaker_policy
        return LaneWatch(self.lane_health, self.lane_alerts, policy, self._now)

    def layout(self, batch_id: str) -> BatchLayout:
        """Return where a batch's objects stand."""
        return BatchLayout(self.settings.work_bucket, batch_id)
