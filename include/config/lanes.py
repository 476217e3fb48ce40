"""What the lanes may take, and when one is left."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from include.domain.lane_health.breaker_state import BreakerPolicy

INCLUDE = Path(__file__).resolve().parents[1]


class LaneSettings(BaseSettings):
    """Settings of the lanes and of the router.

    Attributes:
        lanes_file: TOML of lane profiles and tiers, see `include/lanes/`.
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
        lane_events_topic_arn: SNS topic that hears of every transition of a lane's breaker.
        breaker_window_s: and its kin: when a lane is left and tried again, as in `BreakerPolicy`.
        exploration_share: of the expected cost of the last week's placements, what the router may
            spend to learn of lanes that may be cheaper; 0 for nothing.
    """

    lanes_file: Path = INCLUDE / "lanes" / "aws.toml"
    serverless_memory_mb: int = Field(default=4096, ge=1024, le=6144, multiple_of=1024)
    serverless_max_concurrency: int = Field(default=32, ge=1, le=200)
    serverless_provisioned: int = Field(default=1, ge=0)
    serverless_documents_per_call: int = Field(default=100, gt=0)
    serverless_tokens_per_call: int = Field(default=20_000, gt=0)
    serverless_call_s: float = Field(default=10.0, gt=0, lt=60)
    serverless_throttled_s: float = Field(default=120.0, gt=0)
    serverless_concurrency: int = Field(default=4, ge=1, le=200)
    async_concurrency: int = Field(default=1, ge=1, le=1000)
    async_backlog_per_instance: float = Field(default=2.0, gt=0)
    async_scale_out_cooldown_s: int = Field(default=60, ge=0)
    async_scale_in_cooldown_s: int = Field(default=300, ge=0)
    async_wake_cooldown_s: int = Field(default=300, ge=0)
    async_ttl_s: int = Field(default=21_600, ge=60, le=21_600)
    async_timeout_s: int = Field(default=3_600, ge=1, le=3_600)
    defer_after_s: float = Field(default=60.0, ge=0)
    deferred_look_s: float = Field(default=5.0, gt=0)
    lane_events_topic_arn: str = "arn:aws:sns:us-east-1:000000000000:twolane-lane-events"
    breaker_window_s: float = Field(default=600.0, gt=0)
    breaker_minimum_outcomes: int = Field(default=3, ge=1)
    breaker_failure_rate: float = Field(default=0.5, gt=0, le=1)
    breaker_pause_s: float = Field(default=60.0, gt=0)
    breaker_max_pause_s: float = Field(default=1800.0, gt=0)
    breaker_lease_s: float = Field(default=300.0, gt=0)
    exploration_share: float = Field(default=0.02, ge=0, le=0.5)

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
