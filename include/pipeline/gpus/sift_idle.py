"""What may be done about idle GPUs: they are let go, or left and posted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from include.domain.alerts import Alert, AlertKind
from include.domain.errors import UnknownPrice
from include.domain.gpus.idleness import Finding
from include.domain.gpus.resources import HeldInstances, ResourceKind
from include.domain.gpus.savings import Action, action_for
from include.domain.money.prices import Price, PriceBook
from include.pipeline.alerts.ports import AlertBook
from include.pipeline.gpus.ports import Releases
from include.pipeline.gpus.watch_gpus import Look


@dataclass(frozen=True, slots=True)
class FreePolicy:
    """What may be done without asking.

    Attributes:
        scales: endpoints are scaled down.
        stops_jobs: idle jobs are stopped whose run goes on, too.
    """

    scales: bool = True
    stops_jobs: bool = False


@dataclass(frozen=True, slots=True)
class Freeable:
    """An idle resource, what is to be done about it, and what an instance of it costs an hour."""

    finding: Finding
    action: Action
    price: Price


@dataclass(frozen=True, slots=True)
class Left:
    """An idle resource that is left, and why."""

    finding: Finding
    note: str


def sift_idle(
    look: Look,
    policy: FreePolicy,
    *,
    releases: Releases,
    prices: PriceBook,
    alerts: AlertBook,
) -> list[Freeable | Left]:
    """Return what a look has found idle; what has to be left is posted. No instance is changed.

    Raises:
        RegistryUnavailable: MLflow does not say which releases are under way.
        StoreError: the database does not answer.
    """
    found = [_decide(finding, look, policy, releases, prices) for finding in look.idle]
    for each in found:
        if isinstance(each, Left):
            post_idle(each.finding, each.note, look.at, alerts)
    return found


def post_idle(finding: Finding, note: str, at: datetime, alerts: AlertBook) -> None:
    """Post idle GPUs that are not let go; once while that goes on."""
    resource = finding.resource
    what = f"{resource.kind.words} {resource.resource_id}"
    steps = {
        ResourceKind.ENDPOINT: "Delete the endpoint, or move the model to an asynchronous one.",
        ResourceKind.ASYNC_ENDPOINT: "Set TWOLANE_GPU_SCALES_ENDPOINTS, or scale it to zero.",
    }
    alert = Alert(
        kind=AlertKind.IDLE_GPU,
        subject=resource.resource_id,
        title=f"Idle GPUs: {what}",
        detail=f"{resource.instances} x {resource.instance_type}: {finding.reason}; {note}.",
        next_step=steps.get(
            resource.kind, "Look at the job's log; stop it, or set TWOLANE_GPU_STOPS_JOBS."
        ),
        at=at,
        batch_id=resource.batch_id,
    )
    alerts.post(alert)


def _decide(
    finding: Finding, look: Look, policy: FreePolicy, releases: Releases, prices: PriceBook
) -> Freeable | Left:
    resource = finding.resource
    allowed = policy.stops_jobs or _run_has_ended(resource, look, releases)
    action = action_for(finding, may_stop=resource.kind.is_job and allowed)
    if action is None or not (policy.scales or resource.kind.is_job):
        return Left(finding, _why_left(resource, policy))
    try:
        price = prices.instance(resource.instance_type)
    except UnknownPrice as exc:
        return Left(finding, f"{exc}, so its saving could not be told")
    return Freeable(finding, action, price)


def _run_has_ended(resource: HeldInstances, look: Look, releases: Releases) -> bool:
    if resource.is_unrecorded:
        return False
    if resource.batch_id is not None:
        return resource.batch_id not in {batch.batch_id for batch in look.running}
    if resource.release_id is not None:
        return resource.release_id not in releases.open_releases([resource.release_id])
    return False


def _why_left(resource: HeldInstances, policy: FreePolicy) -> str:
    if resource.kind.is_job:
        return "its run goes on, and idle jobs of such runs are not stopped"
    if not policy.scales:
        return "scaling is switched off"
    return "a real-time endpoint keeps one instance unless it has inference components"
