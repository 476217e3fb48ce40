"""LaneAlerts on SNS: one JSON message a transition, its lane and states as attributes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from include.adapters.aws.errors import AwsError, explain
from include.domain.errors import AlertsUnavailable
from include.pipeline.lanes.health_ports import LaneEvent

SnsClient = Any


class SnsLaneAlerts:
    """Publishes to one topic; subscribers filter by the attributes `lane` and `to_state`.

    Args:
        client: makes the client; asked when there is something to publish, which is rare.
    """

    def __init__(self, client: Callable[[], SnsClient], topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, event: LaneEvent) -> None:
        """Send one event; see `LaneAlerts.publish`. A retry carries the same `event_id`."""
        transition = event.transition
        lane, state = event.lane.value, transition.to_state.value
        message = {
            "event_id": event.event_id,
            "lane": lane,
            "from_state": transition.from_state.value,
            "to_state": state,
            "reason": transition.reason,
            "failure_rate": round(transition.failure_rate, 4),
            "at": transition.at.isoformat(),
        }
        try:
            self._client().publish(
                TopicArn=self._topic_arn,
                Subject=f"Twolane: lane {lane} is {state.replace('_', ' ')}",
                Message=json.dumps(message),
                MessageAttributes={
                    "lane": {"DataType": "String", "StringValue": lane},
                    "to_state": {"DataType": "String", "StringValue": state},
                },
            )
        except AwsError as exc:
            raise AlertsUnavailable(f"topic {self._topic_arn}: {explain(exc)}") from exc
