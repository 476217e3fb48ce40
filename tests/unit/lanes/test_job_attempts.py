"""A release's job: found, made, tried again after a failure, and judged by its end."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from include.adapters.aws.sagemaker.jobs.job_attempts import MAX_ATTEMPTS, JobAttempts
from include.domain.errors import ReleaseFailed, ReleaseRejected


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "so it is"}}, "Any")


class Account:
    """Descriptions by name; what is made is at work."""

    def __init__(self, **statuses: str) -> None:
        self.found = {
            name.replace("_", "-"): {"Status": status, "FailureReason": "AlgorithmError: no data"}
            for name, status in statuses.items()
        }
        self.jobs = JobAttempts("job", "Status", self.describe)

    def describe(self, name: str) -> dict[str, Any]:
        if name not in self.found:
            raise refused("ResourceNotFound")
        return self.found[name]

    def create(self, name: str) -> None:
        self.found[name] = {"Status": "InProgress"}


@pytest.mark.parametrize(
    ("statuses", "name"),
    [
        ({}, "j"),
        ({"j": "InProgress"}, "j"),
        ({"j": "Completed"}, "j"),
        ({"j": "Failed"}, "j-2"),
        ({"j": "Failed", "j_2": "Stopped"}, "j-3"),
    ],
)
def test_the_first_name_that_serves_is_taken(statuses: dict[str, str], name: str) -> None:
    account = Account(**statuses)
    assert account.jobs.start("j", account.create) == name
    assert account.found.keys() == {each.replace("_", "-") for each in statuses} | {name}


def test_what_another_made_just_now_is_adopted() -> None:
    def taken(name: str) -> None:
        raise refused("ResourceInUse")

    assert Account().jobs.start("j", taken) == "j"


def test_an_evening_without_the_right_role_does_not_use_the_tries_up() -> None:
    name = "j" * 63
    tried = [
        name,
        *(f"{name[:61]}-{n}" for n in range(2, 10)),
        *(f"{name[:60]}-{n}" for n in range(10, 25)),
    ]
    account = Account(**dict.fromkeys(tried, "Failed"))
    assert account.jobs.start(name, account.create) == f"{name[:60]}-25"


def test_it_is_not_tried_for_ever() -> None:
    failed = {"j" if n == 1 else f"j_{n}": "Failed" for n in range(1, MAX_ATTEMPTS + 1)}
    account = Account(**failed)
    with pytest.raises(ReleaseFailed, match=f"job j failed {MAX_ATTEMPTS} times, at last: Alg"):
        account.jobs.start("j", account.create)


def test_a_refusal_and_a_silence_are_told() -> None:
    def refuses(name: str) -> None:
        raise refused("AccessDenied")

    def is_silent(name: str) -> None:
        raise EndpointConnectionError(endpoint_url="http://sagemaker")

    with pytest.raises(ReleaseFailed, match="job j: AccessDenied: so it is"):
        Account().jobs.start("j", refuses)
    silent = JobAttempts("job", "Status", is_silent)
    with pytest.raises(ReleaseFailed, match="job j: EndpointConnectionError"):
        silent.start("j", refuses)
    with pytest.raises(ReleaseFailed, match="job j: EndpointConnectionError"):
        silent.completed("j")


def test_an_end_is_success_a_wait_or_a_failure_of_its_kind() -> None:
    account = Account(done="Completed", busy="InProgress", ending="Stopping", bad="Failed")
    account.found["cut"] = {"Status": "Stopped"}
    assert account.jobs.completed("done") == account.found["done"]
    assert account.jobs.completed("busy") is None
    assert account.jobs.completed("ending") is None
    with pytest.raises(ReleaseRejected, match="job bad is Failed: AlgorithmError: no data"):
        account.jobs.completed("bad")
    with pytest.raises(ReleaseFailed, match="job cut is Stopped: no reason given"):
        account.jobs.completed("cut")
    with pytest.raises(ReleaseFailed, match="job gone is gone"):
        account.jobs.completed("gone")
