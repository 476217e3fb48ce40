"""A trained candidate becomes a version that can be served."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from include.domain.errors import ReleaseFailed
from include.domain.model_ref import ModelRef
from include.pipeline.release.evaluate_release import Contestant
from include.pipeline.release.evidence import Evidence
from include.pipeline.release.train_trial import training_digest
from include.pipeline.versions.artifact_parts import numbers, read_part
from include.pipeline.versions.model_archive import unpack_archive
from include.pipeline.versions.ports import Candidate
from include.pipeline.versions.publish_version import PublishPorts, publish_version


def register_challenger(
    evidence: Evidence,
    key: str,
    chosen: Contestant,
    *,
    models_bucket: str,
    ports: PublishPorts,
) -> ModelRef:
    """Register and publish a candidate's artifact; what was made of the same is found again.

    A candidate that is evaluated without the cascade of its artifact is published without it.

    Raises:
        ReleaseFailed: the artifact is not whole, or the registry refuses.
    """
    if chosen.trial is None:
        raise ReleaseFailed(f"{evidence.folder}: {key} was not trained by this release")
    planned = evidence.plan()
    name = planned.request.model_name
    digest = training_digest(planned, chosen.trial)
    if not chosen.with_cascade:
        digest = hashlib.sha256(f"{digest} without cascade".encode()).hexdigest()
    with tempfile.TemporaryDirectory(prefix="twolane-release-") as scratch:
        folder, archive = Path(scratch) / "model", Path(scratch) / "trained.tar.gz"
        evidence.objects.download(chosen.artifact_uri, archive)
        unpack_archive(archive, folder)
        description = read_part(folder / "model.json", chosen.artifact_uri)
        if not chosen.with_cascade:
            description = _without_cascade(folder, description)
        candidate = Candidate(
            name=name,
            training_digest=digest,
            folder=folder,
            description=description,
            metrics=numbers(read_part(folder / "metrics.json", chosen.artifact_uri)),
            parameters={**chosen.trial.parameters, "candidate": key},
            data_uri=f"{planned.data.fit_prefix}documents.jsonl",
            data_digest=planned.data.fit_digest,
            source=chosen.artifact_uri,
            parent_run_id=planned.run_id,
        )
        known = ports.registry.find(name, digest)
        _, model, _ = publish_version(candidate, known, models_bucket=models_bucket, ports=ports)
    return model


def _without_cascade(folder: Path, description: dict[str, Any]) -> dict[str, Any]:
    """Take the cascade out of an artifact, its file with it; return the new description."""
    cascade = description.pop("cascade", None)
    if cascade:
        (folder / cascade["file"]).unlink()
        text = json.dumps(description, indent=2, sort_keys=True, ensure_ascii=False)
        (folder / "model.json").write_text(text + "\n", encoding="utf-8")
    return description
