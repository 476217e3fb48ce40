"""Train, register, publish, deploy: how a model version comes to be.

Everything is named by a digest of what went into it (data, code, parameters), so running a
release again finds its own work at any step and makes nothing twice.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from include.domain.model_ref import ModelRef
from include.domain.promotion.alias import Alias
from include.pipeline.ports.remote_work import Endpoint
from include.pipeline.versions.artifact_parts import finite_numbers, read_part
from include.pipeline.versions.model_archive import file_sha256, unpack_archive
from include.pipeline.versions.ports import (
    Candidate,
    RegisteredVersion,
    TrainingJobs,
    TrainingRequest,
)
from include.pipeline.versions.publish_version import PublishPorts, Report, publish_version


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """What to release.

    Attributes:
        model_name: registered model name.
        alias: points to the version once it is published; `champion` only where there is none yet,
            else the version is the model's challenger.
        models_bucket: holds training data, job outputs and published artifacts.
        data: labelled JSON Lines.
        code_digest: of the training code and its locked requirements.
        parameters: hyperparameters.
    """

    model_name: str
    alias: str
    models_bucket: str
    data: Path
    code_digest: str
    parameters: Mapping[str, str]

    def training_digest(self, data_digest: str) -> str:
        """Identity of the training: the same digest, the same model."""
        parts = [data_digest, self.code_digest, self.model_name, dict(self.parameters)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ReleasePorts(PublishPorts):
    """Everything a release reaches out to.

    Attributes:
        promote: make a version champion, by name and version; see `promote_model`.
    """

    training: TrainingJobs
    promote: Callable[[str, str], None]


def release_model(plan: ReleasePlan, ports: ReleasePorts) -> tuple[ModelRef, str]:
    """Release the model trained on `plan.data`.

    An alias that already points to another version is moved only to a version made now: an
    operator who rolled back is not overruled by running the same release again. A champion that
    stands is not replaced without evidence: the new version becomes its challenger.

    Returns:
        The version, and the S3 URI of its published artifact.

    Raises:
        ReleaseFailed: training failed, or made no model, or one whose figures are no numbers.
    """
    data_digest = file_sha256(plan.data)
    digest = plan.training_digest(data_digest)
    known = ports.registry.find(plan.model_name, digest)
    if known and known.model_data_url and ports.objects.exists(known.model_data_url):
        ports.report(f"{plan.model_name} version {known.version} is already released")
        _point_alias(plan, known, ports, is_new=False)
        reference = ModelRef(known.name, known.version, known.model_data_sha256)
        return reference, known.model_data_url
    data_uri = _upload_data(plan, data_digest, ports)
    artifact_uri = _train(plan, digest, data_uri, ports)
    with tempfile.TemporaryDirectory(prefix="release-") as scratch:
        folder = Path(scratch) / "model"
        archive = Path(scratch) / "trained.tar.gz"
        ports.objects.download(artifact_uri, archive)
        unpack_archive(archive, folder)
        candidate = _candidate(plan, digest, folder, data_uri, data_digest, artifact_uri)
        return register_and_publish(candidate, known, plan, ports)


def register_and_publish(
    candidate: Candidate,
    known: RegisteredVersion | None,
    plan: ReleasePlan,
    ports: ReleasePorts,
) -> tuple[ModelRef, str]:
    """Register a candidate (unless `known` is its version), publish it, point the alias."""
    version, model, url = publish_version(
        candidate, known, models_bucket=plan.models_bucket, ports=ports
    )
    # One that was registered and never published was made by a release that died on its way here.
    is_new = known is None or not known.model_data_url
    _point_alias(plan, version, ports, is_new=is_new)
    return model, url


def deploy_model(model: ModelRef, artifact_url: str, endpoint: Endpoint, report: Report) -> str:
    """Bring the version's serverless endpoint into service; return its name.

    Raises:
        EndpointUnavailable: it failed, or is not in service in time.
    """
    report(f"endpoint {model.resource_name}: making it ready")
    name = endpoint.ensure(model, artifact_url=artifact_url)
    report(f"endpoint {name}: in service")
    return name


def _upload_data(plan: ReleasePlan, data_digest: str, ports: ReleasePorts) -> str:
    uri = f"s3://{plan.models_bucket}/training-data/{data_digest}/{plan.data.name}"
    if not ports.objects.exists(uri):
        ports.objects.upload(plan.data, uri, "application/jsonlines")
    ports.report(f"training data {uri}")
    return uri


def _train(plan: ReleasePlan, digest: str, data_uri: str, ports: ReleasePorts) -> str:
    request = TrainingRequest(
        name=f"twolane-train-{plan.model_name}-{digest[:12]}",
        data_prefix=data_uri.rsplit("/", 1)[0] + "/",
        output_prefix=f"s3://{plan.models_bucket}/training-jobs",
        parameters={"model_name": plan.model_name, **plan.parameters},
        tags={"project": "twolane", "model": plan.model_name, "training-digest": digest},
    )
    ports.report(f"training job {request.name}")
    artifact_uri = ports.training.run(request)
    ports.report(f"trained {artifact_uri}")
    return artifact_uri


def _candidate(
    plan: ReleasePlan,
    digest: str,
    folder: Path,
    data_uri: str,
    data_digest: str,
    artifact_uri: str,
) -> Candidate:
    description = read_part(folder / "model.json", artifact_uri)
    metrics = read_part(folder / "metrics.json", artifact_uri)
    return Candidate(
        name=plan.model_name,
        training_digest=digest,
        folder=folder,
        description=description,
        metrics=finite_numbers(metrics, artifact_uri),
        parameters={k: str(v) for k, v in metrics.get("parameters", {}).items()},
        data_uri=data_uri,
        data_digest=data_digest,
        source=artifact_uri,
    )


def _point_alias(
    plan: ReleasePlan, version: RegisteredVersion, ports: ReleasePorts, *, is_new: bool
) -> None:
    current = ports.registry.alias_version(version.name, plan.alias)
    if current == version.version:
        return
    if current is not None and not is_new:
        ports.report(f"alias {plan.alias} stays at version {current}")
        return
    alias = plan.alias
    if alias == Alias.CHAMPION and current is None:
        ports.promote(version.name, version.version)
    else:
        alias = Alias.CHALLENGER if alias == Alias.CHAMPION else alias
        ports.registry.point_alias(version.name, alias, version.version)
    ports.report(f"alias {alias} → {version.name} version {version.version}")
    if alias != plan.alias:
        ports.report(
            f"version {current} stays champion; next, on live batches: the DAG compare_challenger "
            f"with model_name {version.name}, or, without evidence: python -m include.cli.champion "
            f"--model {version.name} promote {version.version} --reason …"
        )
