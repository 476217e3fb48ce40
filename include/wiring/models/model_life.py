"""The composition root of a model's life: released, promoted, compared, watched, rolled back.

Beside `include.wiring.batches.bootstrap`, which does the same for batches. One method a use case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from include.config import Settings
from include.domain.lanes import Lane
from include.files.lanes_file import LanesFile
from include.wiring.composition import utc_now
from include.wiring.models.model_releases import ModelReleases
from include.wiring.models.model_watch import ModelWatch
from include.wiring.process_root import of_environment

if TYPE_CHECKING:
    from include.domain.comparison.comparison import Comparison, Plan
    from include.domain.model_ref import ModelRef
    from include.domain.promotion.promotion import Promotion
    from include.domain.promotion.retirement import Retirement
    from include.pipeline.comparison.ports import BatchSample, ServedBatch
    from include.pipeline.comparison.run_comparison import ComparisonPorts
    from include.pipeline.comparison.score_batch import ScoringPolicy
    from include.pipeline.promotion.promote_model import PromotionPorts, PromotionRequest
    from include.pipeline.promotion.promotion_ports import EndpointLane
    from include.pipeline.promotion.rollback_model import RollbackPlan

Report = Callable[[str], None]


class ModelLife(ModelReleases, ModelWatch):
    """Every use case of a model's life, wired to its adapters."""

    def __init__(
        self, settings: Settings, lanes: LanesFile, now: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__(settings, now)
        self.lanes = lanes

    def promote(self, request: PromotionRequest, report: Report = print) -> Promotion:
        """See `include.pipeline.promotion.promote_model`."""
        from include.pipeline.promotion.promote_model import promote_model

        return promote_model(request, self._promotion_ports(report))

    def plan_rollback(self, model_name: str) -> RollbackPlan:
        """See `include.pipeline.promotion.rollback_model.plan_rollback`."""
        from include.pipeline.promotion.rollback_model import plan_rollback

        return plan_rollback(model_name, self._promotion_ports(print))

    def roll_back(self, plan: RollbackPlan, *, by: str, reason: str) -> Promotion:
        """See `include.pipeline.promotion.rollback_model.rollback_model`."""
        from include.pipeline.promotion.rollback_model import rollback_model

        return rollback_model(plan, by=by, reason=reason, ports=self._promotion_ports(print))

    def watch_champion(self, model_name: str) -> list[Promotion]:
        """Settle a champion with its history, then with its alarms; return what was done.

        See `include.pipeline.promotion.follow_registry` and `…watch_promotions`.
        """
        from include.pipeline.promotion.follow_registry import follow_registry
        from include.pipeline.promotion.watch_promotions import watch_promotion

        ports = self._promotion_ports(print)
        settled = follow_registry(model_name, ports)
        watch_s = self.settings.promotion_watch_s
        taken_back = watch_promotion(model_name, watch_s=watch_s, ports=ports)
        return [each for each in (settled, taken_back) if each is not None]

    def start_comparison(self, plan: Plan, model_name: str, *, started_by: str) -> Comparison:
        """See `include.pipeline.comparison.run_comparison.start_comparison`."""
        from include.pipeline.comparison.run_comparison import start_comparison

        return start_comparison(
            plan,
            model_name,
            started_by=started_by,
            deploy=self._bring_into_service,
            ports=self._comparison_ports,
        )

    def stop_comparison(self, model_name: str, *, by: str) -> Comparison | None:
        """See `include.pipeline.comparison.run_comparison.stop_comparison`."""
        from include.pipeline.comparison.run_comparison import stop_comparison

        return stop_comparison(model_name, by=by, ports=self._comparison_ports)

    def watch_comparison(self, comparison: Comparison) -> str:
        """See `include.pipeline.comparison.run_comparison.watch_comparison`."""
        from include.pipeline.comparison.run_comparison import watch_comparison

        return watch_comparison(comparison, score=self._score_batch, ports=self._comparison_ports)

    def promote_winner(self, model_name: str, *, by: str) -> Promotion:
        """See `include.pipeline.comparison.promote_winner`."""
        from include.pipeline.comparison.promote_winner import promote_winner

        ports = self._promotion_ports(print)
        return promote_winner(model_name, by=by, book=self.comparisons, ports=ports)

    def report_comparisons(self) -> list[str]:
        """See `include.pipeline.comparison.write_evidence`."""
        from include.pipeline.comparison.write_evidence import EvidencePorts, write_evidence

        ports = EvidencePorts(
            book=self.comparisons,
            objects=self.objects,
            tags=self.aliases,
            alerts=self.alert_book,
            models_bucket=self.settings.models_bucket,
            is_emulated=self.settings.is_emulated,
            now=self._now,
        )
        return write_evidence(ports)

    @property
    def _comparison_ports(self) -> ComparisonPorts:
        from include.pipeline.comparison.run_comparison import ComparisonPorts

        return ComparisonPorts(self.registry, self.comparisons, self._now)

    def _bring_into_service(self, challenger: ModelRef, champion: ModelRef) -> None:
        from include.pipeline.promotion.promote_model import bring_into_service

        version = self.aliases.published(challenger.name, challenger.version)
        bring_into_service(version, champion.version, self._promotion_ports(print))

    def _score_batch(self, comparison: Comparison, batch: ServedBatch, limit: int) -> BatchSample:
        from include.pipeline.comparison.score_batch import ScoringPorts, score_batch

        ports = ScoringPorts(self.objects, self.registry, self.endpoint, self._now)
        return score_batch(comparison, batch, limit=limit, policy=self._scoring_policy, ports=ports)

    @property
    def _scoring_policy(self) -> ScoringPolicy:
        from include.domain.money.prices import lane_price
        from include.pipeline.comparison.score_batch import ScoringPolicy
        from include.pipeline.lanes.serverless.run_serverless import InvocationPolicy

        settings, lane = self.settings, self.lanes.lanes[Lane.SERVERLESS]
        calls = InvocationPolicy(
            settings.serverless_documents_per_call,
            1,
            settings.serverless_tokens_per_call,
            settings.serverless_call_s,
            settings.serverless_throttled_s,
            lane.tokens_per_s,
        )
        price = lane_price(lane.instance_type, lane.price_usd_per_h, self._now().date())
        return ScoringPolicy(settings.work_bucket, calls, price, settings.is_emulated)

    def retire_versions(self) -> list[Retirement]:
        """See `include.pipeline.promotion.retire_versions`."""
        from include.pipeline.promotion.retire_versions import RetirementPorts, retire_versions

        ports = RetirementPorts(
            self.deployed_versions, self.version_usage, self.aliases, self.promotions, self._now
        )
        return retire_versions(ports, grace_s=self.settings.retirement_grace_s)

    def _promotion_ports(self, report: Report) -> PromotionPorts:
        from include.pipeline.promotion.promote_model import PromotionPorts

        return PromotionPorts(
            registry=self.aliases,
            book=self.promotions,
            objects=self.objects,
            lanes=self.endpoint_lanes,
            models_bucket=self.settings.models_bucket,
            now=self._now,
            report=report,
        )

    @cached_property
    def endpoint_lanes(self) -> Sequence[EndpointLane]:
        """The lanes that keep endpoints: serverless always, asynchronous where it is a lane."""
        from include.adapters.aws.sagemaker.endpoint_lanes import AsyncLane, ServerlessLane

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
    return of_environment(ModelLife)
