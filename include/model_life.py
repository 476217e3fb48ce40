"""The composition root of a model's life: released, promoted, compared, watched, rolled back.

Beside `include.bootstrap`, which does the same for batches. One method a use case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from include.bootstrap import utc_now
from include.config import LanesFile, Settings, load_lanes, load_settings
from include.domain.lanes import Lane
from include.model_releases import ModelReleases
from include.model_watch import ModelWatch

if TYPE_CHECKING:
    from include.domain.release.promotion import Promotion
    from include.pipeline.release.promote_model import PromotionPorts, PromotionRequest
    from include.pipeline.release.promotion_ports import EndpointLane
    from include.pipeline.release.rollback_model import RollbackPlan

Report = Callable[[str], None]


class ModelLife(ModelReleases, ModelWatch):
    """Every use case of a model's life, wired to its adapters."""

    def __init__(
        self, settings: Settings, lanes: LanesFile, now: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__(settings, now)
        self.lanes = lanes

    def promote(self, request: PromotionRequest, report: Report = print) -> Promotion:
        """See `include.pipeline.release.promote_model`."""
        from include.pipeline.release.promote_model import promote_model

        return promote_model(request, self._promotion_ports(report))

    def plan_rollback(self, model_name: str) -> RollbackPlan:
        """See `include.pipeline.release.rollback_model.plan_rollback`."""
        from include.pipeline.release.rollback_model import plan_rollback

        return plan_rollback(model_name, self._promotion_ports(print))

    def roll_back(self, plan: RollbackPlan, *, by: str, reason: str) -> Promotion:
        """See `include.pipeline.release.rollback_model.rollback_model`."""
        from include.pipeline.release.rollback_model import rollback_model

        return rollback_model(plan, by=by, reason=reason, ports=self._promotion_ports(print))

    def watch_champion(self, model_name: str) -> list[Promotion]:
        """Settle a champion with its history, then with its alarms; return what was done.

        See `include.pipeline.release.follow_registry` and `…watch_promotions`.
        """
        from include.pipeline.release.follow_registry import follow_registry
        from include.pipeline.release.watch_promotions import watch_promotion

        ports = self._promotion_ports(print)
        settled = follow_registry(model_name, ports)
        watch_s = self.settings.promotion_watch_s
        taken_back = watch_promotion(model_name, watch_s=watch_s, ports=ports)
        return [each for each in (settled, taken_back) if each is not None]

    def _promotion_ports(self, report: Report) -> PromotionPorts:
        from include.pipeline.release.promote_model import PromotionPorts

        return PromotionPorts(
            registry=self.aliases,
            book=self.promotions,
            objects=self.objects,
            lanes=self.endpoint_lanes,
            now=self._now,
            report=report,
        )

    @cached_property
    def endpoint_lanes(self) -> Sequence[EndpointLane]:
        """The lanes that keep endpoints: serverless always, asynchronous where it is a lane."""
        from include.adapters.aws.endpoint_lanes import AsyncLane, ServerlessLane

        lanes: list[EndpointLane] = [
            ServerlessLane(self.serverless_endpoints, self.endpoint, self.endpoint_alarms)
        ]
        if entry := self.lanes.lanes.get(Lane.ASYNC_ENDPOINT):
            endpoint = self.async_endpoint(entry.instance_type, entry.max_instances)
            prefix = f"s3://{self.settings.work_bucket}/batches/smoke-tests/"
            lanes.append(
                AsyncLane(endpoint, self.endpoint_alarms, self.objects, requests_prefix=prefix)
            )
        return lanes


@cache
def model_life() -> ModelLife:
    """Return the process's one composition, made from the environment."""
    settings = load_settings()
    return ModelLife(settings, load_lanes(settings.lanes_file))
