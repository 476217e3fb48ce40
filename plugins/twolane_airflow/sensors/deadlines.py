"""Sensors of deadlines: what will be missed, and what was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import BaseSensorOperator

from twolane_airflow.triggers.deadlines import ENDED, FAILED, DeadlineTrigger


class _DeadlineSensor(BaseSensorOperator):
    """Looks at the deadlines of all running batches from the triggerer; holds no worker's slot.

    Args:
        look_s: seconds between two looks; None for the setting `sla_look_s`.
        watch_s: seconds after which it ends, with the number of what was found as its result.
    """

    ui_color = "#f5ead6"
    look_for = ""

    def __init__(
        self, *, look_s: float | None = None, watch_s: float = 3_600.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.look_s = look_s
        self.watch_s = watch_s

    def execute(self, context: Any) -> None:
        """Defer: every look is the trigger's."""
        from include.wiring.watch import watch

        product = watch()
        aws = product.aws_in_use()
        self.defer(
            trigger=DeadlineTrigger(
                look_for=self.look_for,
                region=aws.region,
                endpoint_urls=dict(aws.endpoint_urls),
                look_s=self.look_s or product.settings.sla_look_s,
                watch_s=self.watch_s,
            ),
            method_name="execute_complete",
        )

    def execute_complete(self, context: Any, event: Mapping[str, Any] | None = None) -> int:
        """Return how much was found.

        Raises:
            StoreError: the looks went wrong, or the event says nothing known.
        """
        from include.domain.errors import StoreError

        match event:
            case {"status": status, "found": int(found)} if status == ENDED:
                return found
            case {"status": status, "message": str(message)} if status == FAILED:
                raise StoreError(message)
        raise StoreError(f"the trigger's event says nothing known: {event}")


class SlaRiskSensor(_DeadlineSensor):
    """Foresees missed deadlines, from progress and curves, and has lanes do what may be done.

    See `include.pipeline.sla.foresee_misses`.
    """

    look_for = "risks"


class SlaMissSensor(_DeadlineSensor):
    """Reports each missed deadline once, with the stage that ate the time.

    See `include.pipeline.sla.report_misses`.
    """

    look_for = "misses"
