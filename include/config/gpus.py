"""When GPUs count as idle, and what is done then."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from include.domain.gpus.idleness import IdlePolicy
from include.domain.gpus.quiet_hours import QuietHours


class GpuSettings(BaseSettings):
    """Settings of `watch_gpus`.

    Attributes:
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
    """

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

    @field_validator("quiet_hours")
    @classmethod
    def _readable_hours(cls, value: str) -> str:
        QuietHours.parse(value, "UTC")
        return value

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
