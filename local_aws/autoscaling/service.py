"""Application Auto Scaling put together: its operations, and the watch over its alarms."""

import contextlib
from collections.abc import AsyncIterator

from local_aws.alarms.cloudwatch_alarms import CloudWatchAlarms
from local_aws.alarms.watcher import AlarmWatcher
from local_aws.autoscaling.activities import ScalingActivities
from local_aws.autoscaling.policies import ScalingPolicies
from local_aws.autoscaling.scaler import Scaler
from local_aws.autoscaling.targets import ScalableTargets
from local_aws.sagemaker.api.protocol import Handler
from local_aws.sagemaker.endpoints.endpoint_capacities import EndpointCapacities
from local_aws.sagemaker.platform import Platform


class AutoScaling:
    """The service beside SageMaker, over the same store."""

    def __init__(self, platform: Platform, capacities: EndpointCapacities) -> None:
        settings = platform.settings
        alarms = CloudWatchAlarms(settings)
        self._activities = ScalingActivities(platform)
        policies = ScalingPolicies(platform, alarms)
        targets = ScalableTargets(platform, capacities, policies)
        self._scaler = Scaler(
            platform, capacities, policies, self._activities, settings.time_factor
        )
        self._watcher = AlarmWatcher(alarms, settings.time_factor, self._scaler.on_action)
        self._parts = (targets, policies, self._activities)

    def handlers(self) -> dict[str, Handler]:
        """The operations this answers, by name."""
        return {name: each for part in self._parts for name, each in part.handlers().items()}

    @contextlib.asynccontextmanager
    async def scaling(self) -> AsyncIterator[None]:
        """Evaluate alarms and carry policies out until the block is left."""
        self._activities.recover()
        async with self._watcher.watching():
            try:
                yield
            finally:
                await self._scaler.close()
