"""A job of a release on SageMaker: started once, again after a failure, and judged by its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from include.adapters.aws.errors import AwsError, explain
from include.adapters.aws.sagemaker.sagemaker_models import adopting, not_found
from include.domain.errors import ReleaseFailed, ReleaseRejected

MAX_ATTEMPTS = 99
"""A job's name is taken for good, so each new attempt after a failure gets a number. A task's tries
are six: a role or a quota that was wrong for an evening must not use them up."""

_NAME_CHARACTERS = 63
"""SageMaker's limit."""

CONTAINER_FAILED = "AlgorithmError"
"""How SageMaker begins the reason of a job whose own program failed: it would again."""


@dataclass(frozen=True, slots=True)
class JobAttempts:
    """Jobs of one kind.

    Attributes:
        noun: what messages call such a job, for example `training job`.
        status_member: of a description, for example `TrainingJobStatus`.
        describe: returns the description of a job by its name; raises `ClientError`.
    """

    noun: str
    status_member: str
    describe: Callable[[str], Any]

    def start(self, name: str, create: Callable[[str], object]) -> str:
        """Return the name of the job that does the work, made now unless it is there.

        Args:
            name: of the first attempt.
            create: makes a job of a name; another may have made it just now.

        Raises:
            ReleaseFailed: SageMaker cannot be reached or refuses, or every attempt failed.
        """
        try:
            for attempt in range(1, MAX_ATTEMPTS + 1):
                tried = _numbered(name, attempt)
                job = self._found(tried)
                if job is None:
                    with adopting():
                        create(tried)
                    return tried
                if job[self.status_member] in ("Completed", "InProgress"):
                    return tried
        except AwsError as exc:
            raise ReleaseFailed(f"{self.noun} {name}: {explain(exc)}") from exc
        raise ReleaseFailed(f"{self.noun} {name} failed {MAX_ATTEMPTS} times, at last: {_why(job)}")

    def completed(self, name: str) -> dict[str, Any] | None:
        """Return the description of a job that did its work, None while it is at work.

        Raises:
            ReleaseRejected: its own program failed, which it would again.
            ReleaseFailed: it failed otherwise, is gone, or SageMaker cannot be reached.
        """
        try:
            job = self._found(name) or {}
        except AwsError as exc:
            raise ReleaseFailed(f"{self.noun} {name}: {explain(exc)}") from exc
        match job.get(self.status_member):
            case "Completed":
                return job
            case "InProgress" | "Stopping":
                return None
            case status:
                reason = _why(job)
                is_its_own = reason.startswith(CONTAINER_FAILED)
                failure = ReleaseRejected if is_its_own else ReleaseFailed
                raise failure(f"{self.noun} {name} is {status or 'gone'}: {reason}")

    def _found(self, name: str) -> dict[str, Any] | None:
        try:
            return dict(self.describe(name))
        except ClientError as exc:
            if not_found(exc):
                return None
            raise


def _numbered(name: str, attempt: int) -> str:
    """Return the name of an attempt, no longer than a name may be."""
    number = "" if attempt == 1 else f"-{attempt}"
    return name[: _NAME_CHARACTERS - len(number)] + number


def _why(job: Mapping[str, Any] | None) -> str:
    return str((job or {}).get("FailureReason", "no reason given"))
