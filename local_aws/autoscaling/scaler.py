"""Acts on alarms: what a policy asks for becomes a variant's instance count.

Scaling out is never held up by a scale-in cooldown, and during a scale-out cooldown what was added
already counts into what is asked for. Scaling in waits for its cooldown. Policies act one by one: a
scale-in is not held back for another policy of the same target, as AWS would.
"""

import asyncio
import logging
from typing import Any

from local_aws.alarms.evaluation import AlarmRule, Verdict
from local_aws.autoscaling.activities import ScalingActivities
from local_aws.autoscaling.policies import ScalingPolicies
from local_aws.autoscaling.scaling import bounded, step_capacity, tracking_capacity
from local_aws.autoscaling.targets import find_target, variant_of
from local_aws.autoscaling.tracking_alarms import LOW
from local_aws.sagemaker.clock import now_s
from local_aws.sagemaker.concurrency import cancelled
from local_aws.sagemaker.endpoints.endpoint_capacities import Capacity, EndpointCapacities
from local_aws.sagemaker.errors import ApiError
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.store import Record

_LOG = logging.getLogger(__name__)
_DEFAULT_COOLDOWN_S = 300
_POLL_S = 0.1


class Scaler:
    """Carries policies out.

    Args:
        time_factor: cooldowns are divided by it (emulated).
    """

    def __init__(
        self,
        platform: Platform,
        capacities: EndpointCapacities,
        policies: ScalingPolicies,
        activities: ScalingActivities,
        time_factor: float,
    ) -> None:
        self._platform = platform
        self._capacities = capacities
        self._policies = policies
        self._activities = activities
        self._time_factor = time_factor
        self._followers: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Follow no activity any longer."""
        await cancelled(self._followers)

    async def on_action(self, arn: str, rule: AlarmRule, verdict: Verdict) -> None:
        """Act for the policy of that ARN; another action's ARN is none of ours."""
        policy = self._policies.by_arn(arn)
        if policy is None or verdict.value is None:
            return
        try:
            await self._act(policy, rule, verdict.value)
        except ApiError as error:
            _LOG.warning("Policy %s cannot scale: %s", policy.name, error)

    async def _act(self, policy: Record, rule: AlarmRule, value: float) -> None:
        target = find_target(self._platform, policy.request["ResourceId"])
        capacity = self._capacities.capacity(*variant_of(target.name))
        if not capacity.is_settled:
            return
        asked = self._asked(policy, rule, value, capacity)
        if asked is None:
            return
        limits = target.request["MinCapacity"], target.request["MaxCapacity"]
        wanted = bounded(asked, *limits)
        if wanted == capacity.desired or not self._may(policy, target, wanted, capacity):
            return
        self._cool_down(policy, wanted, capacity.desired)
        cause = f"monitor alarm {rule.name} in state ALARM triggered policy "
        await self._set(target, wanted, cause + str(policy.request["PolicyName"]))

    def _asked(
        self, policy: Record, rule: AlarmRule, value: float, capacity: Capacity
    ) -> int | None:
        base = capacity.desired
        cooling = policy.fields.get("ScaleOut")
        if cooling is not None and now_s() < cooling["until_s"]:
            base = min(base, cooling["base"])
        if policy.request["PolicyType"] == "StepScaling":
            config = policy.request["StepScalingPolicyConfiguration"]
            asked = step_capacity(config, base, value - rule.threshold)
            is_out = asked is not None and asked > base
        else:
            config = policy.request["TargetTrackingScalingPolicyConfiguration"]
            is_out = f"-{LOW}-" not in rule.name
            from_count = base if is_out else capacity.desired
            asked = tracking_capacity(config["TargetValue"], value, from_count)
        if asked is None or is_out != (asked > capacity.desired):
            return None
        return asked

    def _may(self, policy: Record, target: Record, wanted: int, capacity: Capacity) -> bool:
        suspended = target.request["SuspendedState"]
        if wanted > capacity.desired:
            return not suspended["DynamicScalingOutSuspended"]
        cooling = policy.fields.get("ScaleIn")
        is_cooling = cooling is not None and now_s() < cooling["until_s"]
        return not suspended["DynamicScalingInSuspended"] and not is_cooling

    def _cool_down(self, policy: Record, wanted: int, before: int) -> None:
        is_out = wanted > before
        if policy.request["PolicyType"] == "StepScaling":
            config: dict[str, Any] = policy.request["StepScalingPolicyConfiguration"]
            seconds = config.get("Cooldown", _DEFAULT_COOLDOWN_S)
        else:
            config = policy.request["TargetTrackingScalingPolicyConfiguration"]
            member = "ScaleOutCooldown" if is_out else "ScaleInCooldown"
            seconds = config.get(member, _DEFAULT_COOLDOWN_S)
        until_s = now_s() + seconds / self._time_factor
        policy.fields["ScaleOut" if is_out else "ScaleIn"] = {"until_s": until_s, "base": before}
        if is_out:
            policy.fields.pop("ScaleIn", None)
        self._platform.store.save(policy)

    async def _set(self, target: Record, count: int, cause: str) -> None:
        endpoint, variant = variant_of(target.name)
        activity = self._activities.begin(target.name, count, cause)
        desired = {"VariantName": variant, "DesiredInstanceCount": count}
        request = {"EndpointName": endpoint, "DesiredWeightsAndCapacities": [desired]}
        try:
            await self._capacities.update(request)
        except ApiError as error:
            message = f"Failed to set desired instance count to {count}. Reason: {error.message}"
            self._activities.end(activity, "Failed", message)
            return
        _LOG.info("%s: desired instance count %d, %s", target.name, count, cause)
        task = asyncio.create_task(self._follow(activity, target.name, count))
        self._followers.add(task)
        task.add_done_callback(self._followers.discard)

    async def _follow(self, activity: Record, resource_id: str, count: int) -> None:
        try:
            while not (now := self._capacities.capacity(*variant_of(resource_id))).is_settled:
                await asyncio.sleep(_POLL_S)
        except ApiError as error:
            self._activities.end(activity, "Failed", error.message)
            return
        if now.desired == count:
            message = (
                f"Successfully set desired instance count to {count}. Change successfully "
                "fulfilled by sagemaker."
            )
            self._activities.end(activity, "Successful", message)
        else:
            message = f"Failed to set desired instance count to {count}."
            self._activities.end(activity, "Failed", message)
