"""Applying a CloudFormation template: make the stack, or bring it up to date."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from include.adapters.aws.errors import AwsError, error_code, error_message, explain
from include.domain.errors import TwolaneError

FIRST_POLL_S = 0.1
MAX_POLL_S = 5.0

CloudFormationClient = Any


class ProvisioningFailed(TwolaneError):
    """The cloud resources could not be made; the message names the first that failed."""


def apply_stack(
    client: CloudFormationClient,
    name: str,
    template: str,
    parameters: Mapping[str, str],
    *,
    timeout_s: float = 1800,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Create or update the stack and wait until it stands. Doing it twice changes nothing.

    A stack whose creation was rolled back holds nothing and can only be deleted: it is deleted
    and made again.

    Returns:
        `created`, `updated` or `unchanged`.

    Raises:
        ProvisioningFailed: CloudFormation refuses, a resource fails, or the time runs out.
    """
    request: dict[str, Any] = {
        "StackName": name,
        "TemplateBody": template,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    deadline = clock() + timeout_s

    def settled() -> str | None:
        return _wait(client, name, deadline=deadline, sleep=sleep, clock=clock)

    try:
        status = settled()
        if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"):
            client.delete_stack(StackName=name)
            status = settled()
        if status is None:
            client.create_stack(**request, Tags=[{"Key": "twolane:product", "Value": "twolane"}])
            done, wanted = "created", "CREATE_COMPLETE"
        else:
            try:
                client.update_stack(**request)
            except client.exceptions.ClientError as exc:
                if "No updates are to be performed" in error_message(exc):
                    return "unchanged"
                raise
            done, wanted = "updated", "UPDATE_COMPLETE"
        status = settled()
        if status != wanted:
            raise ProvisioningFailed(f"stack {name} is {status}: {_first_failure(client, name)}")
    except AwsError as exc:
        raise ProvisioningFailed(f"stack {name}: {explain(exc)}") from exc
    return done


def _wait(
    client: CloudFormationClient,
    name: str,
    *,
    deadline: float,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> str | None:
    """Return the stack's status once it is at rest; None where there is no stack."""
    pause_s = FIRST_POLL_S
    while True:
        status = _status(client, name)
        if status is None or not status.endswith("_IN_PROGRESS") or status.startswith("REVIEW"):
            return status
        if clock() >= deadline:
            raise ProvisioningFailed(f"stack {name} is still {status}")
        sleep(pause_s)
        pause_s = min(MAX_POLL_S, pause_s * 1.5)


def _status(client: CloudFormationClient, name: str) -> str | None:
    try:
        status: str = client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except client.exceptions.ClientError as exc:
        if error_code(exc) == "ValidationError" and "does not exist" in error_message(exc):
            return None
        raise
    return None if status == "DELETE_COMPLETE" else status


def _first_failure(client: CloudFormationClient, name: str) -> str:
    failed = [
        f"{event.get('LogicalResourceId')}: {event.get('ResourceStatusReason', 'no reason given')}"
        for event in client.describe_stack_events(StackName=name)["StackEvents"]
        if event.get("ResourceStatus", "").endswith("_FAILED")
    ]
    return failed[-1] if failed else "no reason given"
