"""The one reader of settings: environment variables with the prefix `TWOLANE_`."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from include.domain.accounts import Tier
from include.domain.drift.policy import DriftPolicy
from include.domain.gpus.idleness import IdlePolicy
from include.domain.gpus.quiet_hours import QuietHours
from include.domain.lane_health.breaker_state import BreakerPolicy
from include.domain.queues.lane_class import LaneClass
from include.domain.queues.patience import QueuePatience
from include.domain.sla.events import Action
from include.domain.sla.remedies import SlaPolicy

PREFIX = "TWOLANE_"


class Settings(BaseSettings):
    """Everything a deployment may set. An unknown `TWOLANE_` variable is refused.

    Attributes:
        inbox_bucket: where users upload; also `work_bucket` and `models_bucket` by purpose.
        mlflow_bucket: artifacts of the tracking server; only provisioning needs its name.
        allowed_buckets: buckets a batch URI may name, comma-separated in the environment.
        database_url: libpq URL of the product's database.
        gpu_serving_image: what serves, and evaluates, where instances have GPUs; empty for the
            torch image, or, where GPUs are emulated, for what runs on the other instances.
        gpu_endpoint_ami: SageMaker's machine image, with the NVIDIA driver, of endpoints with that
            image; empty for the instance type's own. `gpu_transform_ami` of transform jobs.
        lanes_file: TOML of lane profiles and tiers, see `include/lanes/`.
        candidates_file: TOML of what a release trains and compares; `gates_file` of what it asks.
        is_emulated: marks every charge as emulated; set by the embedded default.
        max_document_characters: longer texts go to quarantine.
        max_line_bytes: longer lines of a text file are not even read into memory.
        shard_tokens: estimated tokens a shard, exceeded by one document at the most.
        shard_documents: documents a shard at the most.
        shard_characters: characters of text a shard, exceeded by one document at the most.
        serverless_memory_mb: 1024 to 6144 in steps of 1024, as AWS has it.
        serverless_max_concurrency: 1 to 200, as AWS has it.
        serverless_provisioned: provisioned concurrency; 0 accepts cold starts.
        serverless_documents_per_call: documents in one invocation at the most.
        serverless_tokens_per_call: estimated tokens of a batch's first invocations; measured times
            decide the next.
        serverless_call_s: seconds an invocation shall take; AWS ends it at 60.
        serverless_throttled_s: seconds an invocation may be throttled until the batch gives up.
        serverless_concurrency: one batch's invocations in flight. So many for each batch that may
            be on the lane at once, and one for each express slot, must fit into
            `serverless_max_concurrency`.
        work_retention_days: days until the work bucket lets go of a batch's objects; the template's
            `WorkRetentionDays`, for what keeping them costs.
        express_max_bytes: a submission over this is not looked at on the express path.
        express_queue: name of the queue; its dead letters are in `<name>-dead`. `bulk_queue` too.
        express_held: messages taken from the queue at once; the rest waits there. `bulk_held` too.
        express_caps: batches that an account runs at once from the queue, by its tier; a JSON
            object in the environment. `bulk_caps` too.
        async_concurrency: requests one instance of the asynchronous endpoint works on at once.
        async_backlog_per_instance: requests an instance should have; more of them start others.
        async_scale_out_cooldown_s: pause after instances were added.
        async_scale_in_cooldown_s: pause between two removals.
        async_wake_cooldown_s: pause after the endpoint was woken from zero.
        async_ttl_s: time of a request in the queue before it fails, as AWS has it.
        async_timeout_s: time of a request in a container before it fails, as AWS has it.
        defer_after_s: a lane that is expected to take longer, or has, is waited for in the
            triggerer; a deferral itself costs some 3 s.
        deferred_look_s: least seconds between two looks of a trigger.
        ahead_shards: a deferred task is resumed to load so many finished shards, or fewer when
            half of those that were left are finished; 0 for never.
        nightly_join_bytes: an account's nightly files are joined up to this size.
        lane_events_topic_arn: SNS topic that hears of every transition of a lane's breaker.
        breaker_window_s: and its kin: when a lane is left and tried again, as in `BreakerPolicy`.
        alarm_error_rate: share of an endpoint's invocations whose failure rings its alarm.
        alarm_latency_s: mean seconds of an endpoint's invocation that ring its alarm.
        promotion_watch_s: an alarm that rings so soon after a promotion has it rolled back.
        retirement_grace_s: endpoints of a version that nobody uses are kept for so long.
        drift_sample_documents: of a batch, about so many documents are watched for drift.
        drift_max_false_discovery: and its kin: what counts as drift, as in `DriftPolicy`.
        drift_look_back_s: batches that closed so long ago at the most are looked at.
        alerts_file: TOML of which alerts go where, and of the queues' limits.
        alerts_topic_arn: SNS topic that alerts are sent to; empty for none.
        alerts_email_to: addresses that alerts are sent to, comma-separated; empty for none.
        alert_quiet_s: an alert that was not seen again for so long is over; the next is sent.
        mlflow_tracking_uri: where the model registry answers.
        loading_documents_per_s: collecting and loading rate the router keeps time back for.
        gpu_watch_s: seconds between two looks at what holds GPUs.
        gpu_idle_s: GPUs that have done nothing for so long are let go; about what a start costs.
        gpu_quiet_idle_s: the same in quiet hours.
        gpu_warm_up_s: instances are left alone so long after they came.
        gpu_idle_utilisation: share of a GPU's time that still counts as nothing.
        gpu_metric_period_s: of SageMaker's metrics; endpoints may publish more often than jobs.
        gpu_scales_endpoints: idle endpoints are scaled down; else they are posted alone.
        gpu_stops_jobs: idle jobs are stopped whose batch or release goes on, too.
        quiet_hours: nights and weekends, as in `Mon-Fri 20:00-06:00, Sat-Sun 00:00-24:00`.
        quiet_hours_zone: their time zone.
        orphan_grace_s: a job or endpoint without an owner is an orphan when it is so old.
        orphans_stop: orphans are stopped or deleted; else they are posted alone.
        exploration_share: of the expected cost of the last week's placements, what the router may
            spend to learn of lanes that may be cheaper; 0 for nothing.
        sla_risk: probability of missing its deadline from which a batch is at risk.
        sla_actions: what may be done unasked for a batch at risk, as in `Action`; a JSON list in
            the environment, empty to report alone.
        sla_max_instances: instances that a batch at risk may be spread over on a job lane.
        sla_look_s: seconds between two looks at the deadlines of running batches.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    inbox_bucket: str = "twolane-inbox"
    work_bucket: str = "twolane-work"
    models_bucket: str = "twolane-models"
    mlflow_bucket: str = "twolane-mlflow"
    allowed_buckets: str = "twolane-inbox"
    predictions_table: str = "twolane-predictions"
    database_url: SecretStr
    role_arn: str = "arn:aws:iam::000000000000:role/twolane-sagemaker"
    serving_image: str = "000000000000.dkr.ecr.us-east-1.amazonaws.com/twolane-serving:1"
    training_image: str = "000000000000.dkr.ecr.us-east-1.amazonaws.com/twolane-training:1"
    torch_image: str = "000000000000.dkr.ecr.us-east-1.amazonaws.com/twolane-torch:1"
    gpu_serving_image: str = ""
    gpu_endpoint_ami: str = "al2-ami-sagemaker-inference-gpu-2-1"
    gpu_transform_ami: str = "al2-ami-sagemaker-batch-gpu-535"
    model_name: str = "news-topic"
    lanes_file: Path = Path(__file__).parent / "lanes" / "aws.toml"
    candidates_file: Path = Path(__file__).parents[1] / "mlflow" / "candidates.toml"
    gates_file: Path = Path(__file__).parents[1] / "mlflow" / "gates.toml"
    is_emulated: bool = False
    max_document_characters: int = Field(default=100_000, gt=0)
    max_line_bytes: int = Field(default=8 * 2**20, gt=0)
    shard_tokens: int = Field(default=300_000, gt=0)
    shard_documents: int = Field(default=5_000, gt=0, le=50_000)
    shard_characters: int = Field(default=8_000_000, gt=0)
    serverless_memory_mb: int = Field(default=4096, ge=1024, le=6144, multiple_of=1024)
    serverless_max_concurrency: int = Field(default=32, ge=1, le=200)
    serverless_provisioned: int = Field(default=1, ge=0)
    serverless_documents_per_call: int = Field(default=100, gt=0)
    serverless_tokens_per_call: int = Field(default=20_000, gt=0)
    serverless_call_s: float = Field(default=10.0, gt=0, lt=60)
    serverless_throttled_s: float = Field(default=120.0, gt=0)
    serverless_concurrency: int = Field(default=4, ge=1, le=200)
    work_retention_days: int = Field(default=90, ge=1)
    express_max_bytes: int = Field(default=2**20, gt=0)
    express_queue: str = "twolane-express"
    bulk_queue: str = "twolane-bulk"
    express_held: int = Field(default=32, gt=0)
    bulk_held: int = Field(default=16, gt=0)
    express_caps: dict[Tier, int] = {
        Tier.DEMO: 8,
        Tier.TRIAL: 4,
        Tier.STANDARD: 4,
        Tier.ENTERPRISE: 4,
    }
    bulk_caps: dict[Tier, int] = {
        Tier.DEMO: 1,
        Tier.TRIAL: 2,
        Tier.STANDARD: 4,
        Tier.ENTERPRISE: 8,
    }
    async_concurrency: int = Field(default=1, ge=1, le=1000)
    async_backlog_per_instance: float = Field(default=2.0, gt=0)
    async_scale_out_cooldown_s: int = Field(default=60, ge=0)
    async_scale_in_cooldown_s: int = Field(default=300, ge=0)
    async_wake_cooldown_s: int = Field(default=300, ge=0)
    async_ttl_s: int = Field(default=21_600, ge=60, le=21_600)
    async_timeout_s: int = Field(default=3_600, ge=1, le=3_600)
    defer_after_s: float = Field(default=60.0, ge=0)
    deferred_look_s: float = Field(default=5.0, gt=0)
    ahead_shards: int = Field(default=10, ge=0)
    nightly_join_bytes: int = Field(default=256 * 2**20, gt=0)
    lane_events_topic_arn: str = "arn:aws:sns:us-east-1:000000000000:twolane-lane-events"
    breaker_window_s: float = Field(default=600.0, gt=0)
    breaker_minimum_outcomes: int = Field(default=3, ge=1)
    breaker_failure_rate: float = Field(default=0.5, gt=0, le=1)
    breaker_pause_s: float = Field(default=60.0, gt=0)
    breaker_max_pause_s: float = Field(default=1800.0, gt=0)
    breaker_lease_s: float = Field(default=300.0, gt=0)
    alarm_error_rate: float = Field(default=0.05, gt=0, le=1)
    alarm_latency_s: float = Field(default=30.0, gt=0)
    promotion_watch_s: float = Field(default=1800.0, ge=0)
    retirement_grace_s: float = Field(default=7 * 86_400.0, ge=0)
    drift_sample_documents: int = Field(default=2_000, gt=0)
    drift_max_false_discovery: float = Field(default=0.01, gt=0, lt=1)
    drift_min_documents: int = Field(default=50, ge=20)
    drift_reference_days: int = Field(default=7, ge=1)
    drift_reference_documents: int = Field(default=500, ge=100)
    drift_window_days: int = Field(default=7, ge=2)
    drift_quality_days: int = Field(default=28, ge=1)
    drift_cool_down_days: int = Field(default=7, ge=1)
    drift_min_labels: int = Field(default=20, ge=1)
    drift_look_back_s: float = Field(default=7 * 86_400.0, gt=0)
    alerts_file: Path = Path(__file__).parent / "alerts.toml"
    alerts_topic_arn: str = ""
    alerts_email_to: str = ""
    alert_quiet_s: float = Field(default=6 * 3_600.0, gt=0)
    mlflow_tracking_uri: str = "http://127.0.0.1:5000"
    loading_documents_per_s: float = Field(default=2_000.0, gt=0)
    gpu_watch_s: float = Field(default=300.0, gt=0)
    gpu_idle_s: float = Field(default=300.0, gt=0)
    gpu_quiet_idle_s: float = Field(default=120.0, gt=0)
    gpu_warm_up_s: float = Field(default=300.0, ge=0)
    gpu_idle_utilisation: float = Field(default=0.02, ge=0, lt=1)
    gpu_metric_period_s: float = Field(default=60.0, ge=1)
    gpu_scales_endpoints: bool = True
    gpu_stops_jobs: bool = False
    quiet_hours: str = "Mon-Fri 20:00-06:00, Sat-Sun 00:00-24:00"
    quiet_hours_zone: str = "UTC"
    orphan_grace_s: float = Field(default=3_600.0, gt=0)
    orphans_stop: bool = False
    exploration_share: float = Field(default=0.02, ge=0, le=0.5)
    sla_risk: float = Field(default=0.2, gt=0, lt=1)
    sla_actions: frozenset[Action] = frozenset(Action)
    sla_max_instances: int = Field(default=4, ge=1, le=20)
    sla_look_s: float = Field(default=10.0, gt=0)

    @field_validator("express_caps", "bulk_caps")
    @classmethod
    def _a_cap_for_every_tier(cls, value: dict[Tier, int]) -> dict[Tier, int]:
        if any(value.get(tier, 0) < 1 for tier in Tier):
            raise ValueError("a cap is needed for every tier, 1 or more")
        return value

    @field_validator("quiet_hours")
    @classmethod
    def _readable_hours(cls, value: str) -> str:
        QuietHours.parse(value, "UTC")
        return value

    def queue_name(self, lane_class: LaneClass) -> str:
        """Return the name of a queue."""
        return self.express_queue if lane_class is LaneClass.EXPRESS else self.bulk_queue

    def queue_patience(self, lane_class: LaneClass) -> QueuePatience:
        """Return how patient a queue is."""
        if lane_class is LaneClass.EXPRESS:
            return QueuePatience(
                self.express_held, self.express_caps, put_back_s=1.0, max_put_back_s=10.0
            )
        return QueuePatience(self.bulk_held, self.bulk_caps)

    @property
    def breaker_policy(self) -> BreakerPolicy:
        """When a lane is left and tried again."""
        return BreakerPolicy(
            window_s=self.breaker_window_s,
            minimum_outcomes=self.breaker_minimum_outcomes,
            failure_rate=self.breaker_failure_rate,
            pause_s=self.breaker_pause_s,
            max_pause_s=self.breaker_max_pause_s,
            lease_s=self.breaker_lease_s,
        )

    @property
    def gpu_image(self) -> str:
        """What serves and evaluates on instances with a GPU; empty for what runs on the others.

        An emulated GPU is none that torch could use, so torch runs there only when it is asked for.
        """
        by_default = self.serving_image if self.is_emulated else self.torch_image
        image = self.gpu_serving_image or by_default
        return "" if image == self.serving_image else image

    @property
    def idle_policy(self) -> IdlePolicy:
        """When GPUs count as idle."""
        return IdlePolicy(
            window_s=self.gpu_idle_s,
            quiet_window_s=self.gpu_quiet_idle_s,
            warm_up_s=self.gpu_warm_up_s,
            quiet_hours=QuietHours.parse(self.quiet_hours, self.quiet_hours_zone),
            max_utilisation=self.gpu_idle_utilisation,
            period_s=self.gpu_metric_period_s,
        )

    @property
    def sla_policy(self) -> SlaPolicy:
        """When something is done for a batch at risk, and what may be."""
        return SlaPolicy(self.sla_risk, self.sla_actions, self.sla_max_instances)

    @property
    def drift_policy(self) -> DriftPolicy:
        """What counts as drift."""
        return DriftPolicy(
            max_false_discovery=self.drift_max_false_discovery,
            min_documents=self.drift_min_documents,
            reference_days=self.drift_reference_days,
            reference_documents=self.drift_reference_documents,
            window_days=self.drift_window_days,
            quality_days=self.drift_quality_days,
            cool_down_days=self.drift_cool_down_days,
            min_labels=self.drift_min_labels,
        )

    @property
    def allowed(self) -> frozenset[str]:
        """The allowed buckets as a set."""
        return frozenset(name.strip() for name in self.allowed_buckets.split(",") if name.strip())


@cache
def load_settings() -> Settings:
    """Read the environment once.

    Raises:
        ValueError: an unknown `TWOLANE_` variable, or a value out of its range.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(
        name
        for name in os.environ
        if name.startswith(PREFIX) and name not in known and not name.startswith("TWOLANE_PORT_")
    )
    if unknown:
        raise ValueError(f"unknown settings: {', '.join(unknown)}")
    return Settings()
