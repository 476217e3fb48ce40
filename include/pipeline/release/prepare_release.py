"""The first step of a release: data, candidates and champion pinned under one id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from include.domain.errors import ReleaseRejected, UnknownModelAlias
from include.domain.lanes import LaneProfile
from include.domain.promotion.alias import Alias
from include.domain.release.candidates import CandidatesPlan, Selection, select
from include.pipeline.batch.pull_batch import check_bucket
from include.pipeline.ports.directories import ModelRegistry
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.release.evidence import Evidence
from include.pipeline.release.measured_hardware import measured_hardware, not_measured
from include.pipeline.release.prepare_data import prepare_data
from include.pipeline.release.release_ports import ReleaseTracking
from include.pipeline.release.release_records import (
    Champion,
    MeasuredHardware,
    PlannedRelease,
    PreparedData,
    ReleaseRequest,
)


@dataclass(frozen=True, slots=True)
class ReleasePolicy:
    """What a release may read, and what it does by default.

    Attributes:
        code_digest: of the training code and its locked requirements.
        serving_digest: of the code that answers in an evaluation, and its locked requirements.
        gpu_image: what measures on instances with GPUs; empty for what measures on the others.
        profiles: instances and prices, by lane.
        is_emulated: whether what is measured runs on a stand-in.
        labels_may_change: whether the documents may have other labels than the champion.
    """

    allowed_buckets: frozenset[str]
    models_bucket: str
    plan: CandidatesPlan
    profiles: Sequence[LaneProfile]
    code_digest: str
    serving_digest: str
    is_emulated: bool
    labels_may_change: bool = False
    gpu_image: str = ""


@dataclass(frozen=True, slots=True)
class PreparePorts:
    """What preparing needs of the world."""

    objects: ObjectStore
    registry: ModelRegistry
    tracking: ReleaseTracking
    now: Callable[[], datetime]


def prepare_release(
    request: ReleaseRequest, policy: ReleasePolicy, ports: PreparePorts
) -> PlannedRelease:
    """Pin everything a release depends on; the same again finds what stands.

    The id is a digest of the data, the code that trains and serves, the candidates file's part that
    counts, the instances that measure, their prices and GPU image, and the champion's version.

    Raises:
        BatchRejected: the data lie outside the allowed buckets, or there are none.
        ReleaseRejected: the data or the candidates will not do; a retry would say the same.
    """
    check_bucket(request.data_uri, policy.allowed_buckets)
    data = prepare_data(
        request.data_uri,
        policy.plan,
        split_seed=request.split_seed,
        models_bucket=policy.models_bucket,
        objects=ports.objects,
    )
    try:
        selection = select(
            policy.plan,
            request.candidates,
            fit_documents=data.fit_documents,
            parameters={"model_name": request.model_name, **request.parameters, **_split(request)},
        )
    except ValueError as exc:
        raise ReleaseRejected(f"{request.data_uri}: {exc}") from exc
    found = _champion(request.model_name, ports.registry)
    _check_labels(request, data, found, policy)
    champion = found[0] if found and found[1] == set(data.labels) else None
    hardware = measured_hardware(policy.plan.hardware, policy.profiles)
    release_id = _release_id(
        request, policy, data, selection, hardware, found[0] if found else None
    )
    evidence = Evidence.of(ports.objects, policy.models_bucket, request.model_name, release_id)
    if evidence.has_plan():
        stands = replace(evidence.plan(), request=request)  # asked for by another, and why
        evidence.save_plan(stands)
        ports.tracking.forget_failure(stands.run_id)
        ports.tracking.reopen_run(stands.run_id)
        return stands
    run_id = ports.tracking.open_run(
        request.model_name,
        release_id,
        {
            "data_uri": request.data_uri,
            "data_digest": data.digest,
            "fit_documents": str(data.fit_documents),
            "test_documents": str(data.test_documents),
            "candidates": ", ".join(selection.candidates),
            "champion": champion.version if champion else "none",
            "reason": request.reason,
        },
    )
    planned = PlannedRelease(
        release_id=release_id,
        request=request,
        data=data,
        code_digest=policy.code_digest,
        candidates=selection.candidates,
        parts={spec.key: spec.part_of for spec in policy.plan.candidates if spec.part_of},
        trials=selection.trials,
        hardware=hardware,
        evaluation=policy.plan.evaluation,
        margin=policy.plan.margin,
        champion=champion,
        champion_version=found[0].version if found else None,
        left_out={
            **selection.left_out,
            **_other_labels(found, champion),
            **not_measured(hardware, policy.profiles),
        },
        is_emulated=policy.is_emulated,
        run_id=run_id,
        prepared_at=ports.now(),
    )
    evidence.save_plan(planned)
    return planned


def _split(request: ReleaseRequest) -> dict[str, str]:
    """The hyperparameter by which jobs hold out what the release tests."""
    return {"split_seed": str(request.split_seed)} if request.split_seed else {}


def _champion(model_name: str, registry: ModelRegistry) -> tuple[Champion, set[str]] | None:
    """Return the model in use and its labels, if there is one."""
    try:
        model = registry.resolve(model_name, Alias.CHAMPION)
    except UnknownModelAlias:
        return None
    champion = Champion(model.version, model.digest, registry.artifact_url(model))
    return champion, set(registry.card(model).labels)


def _check_labels(
    request: ReleaseRequest,
    data: PreparedData,
    found: tuple[Champion, set[str]] | None,
    policy: ReleasePolicy,
) -> None:
    """Refuse, before anything is trained, labels that the model is not to have."""
    has = f"{request.data_uri} has the labels {', '.join(data.labels)}"
    if request.labels and set(request.labels) != set(data.labels):
        raise ReleaseRejected(
            f"{has}; the catalogue's of {request.model_name} are {', '.join(request.labels)}: "
            "correct one of the two"
        )
    if found and not policy.labels_may_change and found[1] != set(data.labels):
        raise ReleaseRejected(
            f"{has}; champion version {found[0].version} answers with "
            f"{', '.join(sorted(found[1]))}: correct the documents, or let labels change in the "
            "gates file ([labels] may_change)"
        )


def _other_labels(
    found: tuple[Champion, set[str]] | None, champion: Champion | None
) -> dict[str, str]:
    if found is None or champion is not None:
        return {}
    version, labels = found[0].version, ", ".join(sorted(found[1]))
    return {"champion": f"version {version} answers with {labels}: it cannot be compared"}


def _release_id(
    request: ReleaseRequest,
    policy: ReleasePolicy,
    data: PreparedData,
    selection: Selection,
    hardware: Sequence[MeasuredHardware],
    champion: Champion | None,
) -> str:
    parts = [
        request.model_name,
        data.digest,
        policy.code_digest,
        policy.serving_digest,
        policy.gpu_image,
        [asdict(each) for each in hardware],
        asdict(policy.plan),
        asdict(selection),
        asdict(champion) if champion else None,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
