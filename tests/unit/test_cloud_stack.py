"""A stack on its way: what `apply_stack` does in each state CloudFormation can be in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.adapters.aws.cloud_stack import ProvisioningFailed, apply_stack


class FakeCloudFormation:
    """One stack; each look at it takes the next of `states`, the last one stays."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.calls: list[str] = []
        self.after: dict[str, list[str]] = {}

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if state == "absent":
            raise self._refusal(f"Stack with id {StackName} does not exist")
        return {"Stacks": [{"StackStatus": state}]}

    def describe_stack_events(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        events = [
            ("Role", "CREATE_FAILED", "Resource creation cancelled"),
            ("Bucket", "CREATE_FAILED", "acme already exists"),
            ("Bucket", "CREATE_IN_PROGRESS", ""),
        ]
        keys = ("LogicalResourceId", "ResourceStatus", "ResourceStatusReason")
        return {"StackEvents": [dict(zip(keys, event, strict=True)) for event in events]}

    def create_stack(self, **_: Any) -> None:
        self._called("create")

    def update_stack(self, **_: Any) -> None:
        self._called("update")

    def delete_stack(self, **_: Any) -> None:
        self._called("delete")

    def _called(self, name: str) -> None:
        self.calls.append(name)
        self.states = self.after[name]

    def _refusal(self, message: str) -> ClientError:
        return ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "Describe")


def apply(client: FakeCloudFormation, **options: Any) -> str:
    return apply_stack(client, "twolane", "{}", {}, sleep=lambda _: None, **options)


def test_creation_is_waited_for() -> None:
    client = FakeCloudFormation("absent")
    client.after["create"] = ["CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]

    assert apply(client) == "created"


def test_an_update_under_way_is_waited_for_first() -> None:
    client = FakeCloudFormation("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    client.after["update"] = ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]

    assert apply(client) == "updated"


def test_a_failed_creation_names_the_resource_that_failed_first() -> None:
    client = FakeCloudFormation("absent")
    client.after["create"] = ["ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]

    with pytest.raises(ProvisioningFailed, match="Bucket: acme already exists"):
        apply(client)


def test_a_rolled_back_creation_is_made_anew() -> None:
    client = FakeCloudFormation("ROLLBACK_COMPLETE")
    client.after["delete"] = ["DELETE_IN_PROGRESS", "absent"]
    client.after["create"] = ["CREATE_COMPLETE"]

    assert apply(client) == "created"
    assert client.calls == ["delete", "create"]


def test_a_rolled_back_update_fails_and_deletes_nothing() -> None:
    client = FakeCloudFormation("CREATE_COMPLETE")
    client.after["update"] = ["UPDATE_ROLLBACK_COMPLETE"]

    with pytest.raises(ProvisioningFailed, match="UPDATE_ROLLBACK_COMPLETE"):
        apply(client)
    assert client.calls == ["update"]


def test_time_runs_out() -> None:
    client = FakeCloudFormation("absent")
    client.after["create"] = ["CREATE_IN_PROGRESS"]
    ticks = iter(range(100))

    with pytest.raises(ProvisioningFailed, match="still CREATE_IN_PROGRESS"):
        apply(client, timeout_s=5, clock=lambda: float(next(ticks)))
