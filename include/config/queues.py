"""The queues that batches come by."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from include.domain.accounts import Tier
from include.domain.queues.lane_class import LaneClass
from include.domain.queues.patience import QueuePatience


class QueueSettings(BaseSettings):
    """Settings of the queues.

    Attributes:
        express_queue: name of the queue; its dead letters are in `<name>-dead`. `bulk_queue` too.
        express_held: messages taken from the queue at once; the rest waits there. `bulk_held` too.
        express_caps: batches that an account runs at once from the queue, by its tier; a JSON
            object in the environment. `bulk_caps` too.
    """

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

    @field_validator("express_caps", "bulk_caps")
    @classmethod
    def _a_cap_for_every_tier(cls, value: dict[Tier, int]) -> dict[Tier, int]:
        if any(value.get(tier, 0) < 1 for tier in Tier):
            raise ValueError("a cap is needed for every tier, 1 or more")
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
