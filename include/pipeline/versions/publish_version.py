"""From a trained artifact to a version that can be served."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from include.domain.model_ref import ModelCard, ModelRef
from include.pipeline.ports.objects import ObjectStore
from include.pipeline.versions.model_archive import pack_archive
from include.pipeline.versions.ports import Candidate, RegisteredVersion, ReleaseRegistry

Report = Callable[[str], None]
"""Is told, in a line, what has been done."""


@dataclass(frozen=True, slots=True)
class PublishPorts:
    """What publishing reaches out to."""

    objects: ObjectStore
    registry: ReleaseRegistry
    report: Report


def publish_version(
    candidate: Candidate,
    known: RegisteredVersion | None,
    *,
    models_bucket: str,
    ports: PublishPorts,
) -> tuple[RegisteredVersion, ModelRef, str]:
    """Register a candidate, unless `known` is its version, and publish its artifact.

    Returns:
        The version, its identity, and the S3 URI of the published artifact.

    Raises:
        ReleaseFailed: the registry refuses.
    """
    version = known or ports.registry.register(candidate)
    ports.report(f"registered {version.name} version {version.version}, run {version.run_id}")
    url = f"s3://{models_bucket}/{version.name}/{version.version}/model.tar.gz"
    target = candidate.folder.parent / "model.tar.gz"
    identity = {
        "name": version.name,
        "version": version.version,
        "run_id": version.run_id,
        "digest": candidate.training_digest,
    }
    extra = {"version.json": (json.dumps(identity, indent=2, sort_keys=True) + "\n").encode()}
    sha256 = pack_archive(candidate.folder, extra, target)
    ports.objects.upload(target, url, "application/gzip")
    labels = tuple(str(label) for label in candidate.description["labels"])
    card = ModelCard(labels, int(candidate.description["max_tokens"]))
    ports.registry.publish(version, url=url, sha256=sha256, card=card)
    ports.report(f"published {url} ({target.stat().st_size / 2**20:.1f} MiB)")
    return version, ModelRef(version.name, version.version, sha256), url
