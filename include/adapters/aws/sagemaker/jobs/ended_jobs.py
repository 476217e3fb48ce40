"""ReleaseJobs on SageMaker: training and evaluation jobs of releases that have ended."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from include.adapters.aws.errors import AwsError, explain
from include.domain.errors import EndpointUnavailable
from include.domain.money.release_jobs import ReleaseJob
from include.domain.money.usage import Period, UsageKind

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_ENDED = frozenset({"Completed", "Failed", "Stopped"})
_OURS = ("project", "twolane")
"""The tag that jobs of releases bear; those of batches bear another."""


@dataclass(frozen=True, slots=True)
class _JobKind:
    """A kind of job: how its names begin, what SageMaker calls it, where its instances stand."""

    kind: UsageKind
    prefix: str
    noun: str
    resources: tuple[str, ...]


_KINDS = (
    _JobKind(UsageKind.TRAINING, "twolane-train-", "Training", ("ResourceConfig",)),
    _JobKind(
        UsageKind.EVALUATION,
        "twolane-evaluate-",
        "Processing",
        ("ProcessingResources", "ClusterConfig"),
    ),
)


class SageMakerEndedJobs:
    """Jobs by name and tag.

    Args:
        control: SageMaker's control plane.
    """

    def __init__(self, control: SageMakerClient) -> None:
        self._control: Any = control

    def ended(self, since: datetime, *, but: Collection[str]) -> Sequence[ReleaseJob]:
        """See `ReleaseJobs.ended`."""
        try:
            return [job for kind in _KINDS for job in self._ended(kind, since, but)]
        except AwsError as exc:
            raise EndpointUnavailable(f"listing jobs of releases: {explain(exc)}") from exc

    def _ended(self, kind: _JobKind, since: datetime, but: Collection[str]) -> Iterator[ReleaseJob]:
        operation, member = f"{kind.noun.lower()}_job", f"{kind.noun}JobName"
        listing = self._control.get_paginator(f"list_{operation}s")
        describe = getattr(self._control, f"describe_{operation}")
        pages = listing.paginate(NameContains=kind.prefix, LastModifiedTimeAfter=since)
        for summary in (each for page in pages for each in page[f"{kind.noun}JobSummaries"]):
            name = summary[member]
            is_known = name in but or not name.startswith(kind.prefix)
            if is_known or summary[f"{kind.noun}JobStatus"] not in _ENDED:
                continue
            tags = self._tags(summary[f"{kind.noun}JobArn"])
            if _OURS in tags.items():
                job = _job(kind, name, describe(**{member: name}), tags.get("model", ""))
                if job is not None:
                    yield job

    def _tags(self, arn: str) -> dict[str, str]:
        pages = self._control.get_paginator("list_tags").paginate(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def _job(kind: _JobKind, name: str, found: Mapping[str, Any], model_name: str) -> ReleaseJob | None:
    """Make one of a description; None where no instance was ever started for it.

    Training says which seconds of an instance are billed; of processing they are all.
    """
    start, end = found.get(f"{kind.noun}StartTime"), found.get(f"{kind.noun}EndTime")
    if start is None or end is None:
        return None
    resources: Mapping[str, Any] = found
    for key in kind.resources:
        resources = resources[key]
    seconds = found.get("BillableTimeInSeconds", (end - start).total_seconds())
    return ReleaseJob(
        name=name,
        kind=kind.kind,
        model_name=model_name,
        instance_type=resources["InstanceType"],
        billed_s=seconds * resources["InstanceCount"],
        period=Period(start, end),
        has_completed=found[f"{kind.noun}JobStatus"] == "Completed",
    )
