"""The composition root of watching over instances: idle GPUs, orphans, what was saved."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from include.config import Settings
from include.files.lanes_file import LanesFile
from include.files.prices import load_price_book
from include.wiring.composition import utc_now
from include.wiring.money import Money
from include.wiring.process_root import of_address, of_environment

if TYPE_CHECKING:
    from include.adapters.aws.clients import AwsAddress
    from include.domain.gpus.orphans import Orphan
    from include.pipeline.gpus.clear_orphans import OrphanPolicy, OrphanPorts
    from include.pipeline.gpus.free_gpus import Freed
    from include.pipeline.gpus.ports import GpuBook, Instances, Releases, SavedLine
    from include.pipeline.gpus.sift_idle import FreePolicy
    from include.pipeline.gpus.watch_gpus import Look
    from include.pipeline.money.keep_ledger import Booked

SERVICES = ("sagemaker", "cloudwatch", "application-autoscaling")
"""What looking needs of AWS."""


class GpuWatch(Money):
    """Use cases of watching over instances; those of money book what they cost.

    Args:
        aws: which AWS; the environment's when None.
    """

    def __init__(
        self,
        settings: Settings,
        lanes: LanesFile,
        now: Callable[[], datetime] = utc_now,
        aws: AwsAddress | None = None,
    ) -> None:
        super().__init__(settings, lanes, now)
        self.aws = aws

    def aws_in_use(self) -> AwsAddress:
        """Return which AWS the adapters talk to, for a process that must reach the same."""
        from include.adapters.aws.clients import AwsAddress

        return self.aws or AwsAddress.in_use(SERVICES)

    def look_at_gpus(self) -> Look:
        """See `include.pipeline.gpus.watch_gpus`."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.cloudwatch.gpu_metrics import CloudWatchGpuMetrics
        from include.pipeline.gpus.watch_gpus import WatchPorts, watch_gpus

        ports = WatchPorts(
            instances=self.instances,
            metrics=CloudWatchGpuMetrics(client("cloudwatch", self.aws)),
            book=self.gpu_book,
            is_emulated=self.settings.is_emulated,
        )
        return watch_gpus(self.settings.idle_policy, self._now(), ports)

    def free_gpus(self) -> list[Freed]:
        """Look, and let go what is idle; see `include.pipeline.gpus.free_gpus`."""
        from include.pipeline.gpus.free_gpus import FreePorts, free_gpus

        ports = FreePorts(
            instances=self.instances,
            book=self.gpu_book,
            releases=self.owners,
            alerts=self.alert_book,
            prices=load_price_book(),
            book_waste=self._book_waste,
            is_emulated=self.settings.is_emulated,
        )
        return free_gpus(self.look_at_gpus(), self._free_policy, ports)

    def to_free(self, look: Look) -> list[str]:
        """Return the names of what is idle and may be let go; what has to be left is posted.

        See `include.pipeline.gpus.sift_idle`.
        """
        from include.pipeline.gpus.sift_idle import Freeable, sift_idle

        found = sift_idle(
            look,
            self._free_policy,
            releases=self.owners,
            prices=load_price_book(),
            alerts=self.alert_book,
        )
        return [each.finding.resource.resource_id for each in found if isinstance(each, Freeable)]

    def clear_orphans(self) -> list[Orphan]:
        """See `include.pipeline.gpus.clear_orphans`."""
        from include.pipeline.gpus.clear_orphans import clear_orphans

        return clear_orphans(self._orphan_policy, self._now(), self._orphan_ports)

    def orphans(self) -> list[Orphan]:
        """Return what nobody owns; nothing is posted or changed."""
        from include.pipeline.gpus.clear_orphans import orphans_now

        return orphans_now(self._orphan_policy, self._now(), self._orphan_ports)

    def saved(self, first: date, last: date) -> Sequence[SavedLine]:
        """See `include.pipeline.gpus.ports.GpuBook.saved`."""
        return self.gpu_book.saved(first, last)

    @property
    def _free_policy(self) -> FreePolicy:
        from include.pipeline.gpus.sift_idle import FreePolicy

        return FreePolicy(
            scales=self.settings.gpu_scales_endpoints, stops_jobs=self.settings.gpu_stops_jobs
        )

    @property
    def _orphan_policy(self) -> OrphanPolicy:
        from include.pipeline.gpus.clear_orphans import OrphanPolicy

        return OrphanPolicy(self.settings.orphan_grace_s, self.settings.orphans_stop)

    @property
    def _orphan_ports(self) -> OrphanPorts:
        from include.pipeline.gpus.clear_orphans import OrphanPorts

        return OrphanPorts(
            instances=self.instances,
            book=self.gpu_book,
            releases=self.owners,
            alerts=self.alert_book,
            prices=load_price_book(),
            book_waste=self._book_waste,
            is_emulated=self.settings.is_emulated,
        )

    def _book_waste(self, names: Collection[str], at: datetime) -> Booked:
        from include.pipeline.money.book_endpoints import book_idle_until

        return book_idle_until(names, at, self._ledger_ports)

    @cached_property
    def gpu_book(self) -> GpuBook:
        """Looks and savings, in Aurora."""
        from include.adapters.postgres.lanes.gpu_book import PostgresGpuBook

        return PostgresGpuBook(self.database)

    @cached_property
    def instances(self) -> Instances:
        """What holds instances, in SageMaker."""
        from include.adapters.aws.clients import client
        from include.adapters.aws.sagemaker.async_endpoint.async_scaling import (
            EndpointScaling,
            ScalingRule,
        )
        from include.adapters.aws.sagemaker.held_instances import SageMakerInstances

        rule = ScalingRule(1, self.settings.async_backlog_per_instance)
        autoscaling = client("application-autoscaling", self.aws)
        scaling = EndpointScaling(autoscaling, client("cloudwatch", self.aws), rule)
        return SageMakerInstances(client("sagemaker", self.aws), scaling, self.endpoint_alarms)

    @cached_property
    def owners(self) -> Releases:
        """Versions and releases, in MLflow."""
        from include.adapters.mlflow_owners import MlflowOwners

        return MlflowOwners(self.settings.mlflow_tracking_uri)


@cache
def gpu_watch() -> GpuWatch:
    """Return the process's one composition, made from the environment."""
    return of_environment(GpuWatch)


@cache
def gpu_watch_at(region: str, endpoint_urls: tuple[tuple[str, str], ...]) -> GpuWatch:
    """Return the process's composition for an AWS that is told, not found in the environment."""
    return of_address(GpuWatch, region, endpoint_urls)
