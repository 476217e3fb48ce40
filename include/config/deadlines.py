"""When a batch is at risk, and what is done for it."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from include.domain.sla.events import Action
from include.domain.sla.remedies import SlaPolicy


class DeadlineSettings(BaseSettings):
    """Settings of `watch_deadlines`.

    Attributes:
        sla_risk: probability of missing its deadline from which a batch is at risk.
        sla_actions: what may be done unasked for a batch at risk, as in `Action`; a JSON list in
            the environment, empty to report alone.
        sla_max_instances: instances that a batch at risk may be spread over on a job lane.
        sla_look_s: seconds between two looks at the deadlines of running batches.
    """

    sla_risk: float = Field(default=0.2, gt=0, lt=1)
    sla_actions: frozenset[Action] = frozenset(Action)
    sla_max_instances: int = Field(default=4, ge=1, le=20)
    sla_look_s: float = Field(default=10.0, gt=0)

    @property
    def sla_policy(self) -> SlaPolicy:
        """When something is done for a batch at risk, and what may be."""
        return SlaPolicy(self.sla_risk, self.sla_actions, self.sla_max_instances)
