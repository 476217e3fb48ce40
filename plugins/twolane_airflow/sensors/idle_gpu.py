"""Waits until a GPU of ours does nothing and may be let go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import BaseSensorOperator

from twolane_airflow.triggers.idle_gpu import FAILED, IdleGpuTrigger


class IdleGpuSensor(BaseSensorOperator):
    """Looks at all endpoints and jobs with GPUs every `interval_s`, from the triggerer.

    A missing metric, instances that start and work in flight are no idleness. The result is the
    names of what is idle and may be let go; empty where nothing was for `patience_s`. What is idle
    and has to be left is posted. It holds no worker's slot.

    Args:
        interval_s: seconds between two looks; None for the setting `gpu_watch_s`.
        patience_s: seconds after which it ends without having found anything.
    """

    ui_color = "#e6f2e6"

    def __init__(
        self, *, interval_s: float | None = None, patience_s: float = 3_600.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.interval_s = interval_s
        self.patience_s = patience_s

    def poke(self, context: Any) -> bool:
        """Look once, where it stands."""
        from include.wiring.gpus import gpu_watch

        watch = gpu_watch()
        return bool(watch.to_free(watch.look_at_gpus()))

    def execute(self, context: Any) -> None:
        """Defer: the first look comes after one interval, so that a run cannot follow at once."""
        from include.wiring.gpus import gpu_watch

        watch = gpu_watch()
        aws = watch.aws_in_use()
        self.defer(
            trigger=IdleGpuTrigger(
                region=aws.region,
                endpoint_urls=dict(aws.endpoint_urls),
                interval_s=self.interval_s or watch.settings.gpu_watch_s,
                patience_s=self.patience_s,
            ),
            method_name="execute_complete",
        )

    def execute_complete(self, context: Any, event: Mapping[str, Any] | None = None) -> list[str]:
        """Return the names that the event has.

        Raises:
            EndpointUnavailable: the looks went wrong, or the event says nothing known.
        """
        from include.domain.errors import EndpointUnavailable

        match event:
            case {"status": status, "message": str(message)} if status == FAILED:
                raise EndpointUnavailable(message)
            case {"idle": list(idle)}:
                return [str(name) for name in idle]
        raise EndpointUnavailable(f"the trigger's event says nothing known: {event}")
