"""The proposal, registered as challenger, and what the gates say of it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from include.domain.promotion.alias import Alias
from include.domain.release.evaluation import CHAMPION_KEY, Evaluation
from include.domain.release.gates import judge
from include.domain.release.judgement import GateLimits, Judged
from include.domain.release.proposal import propose, usd_per_million_documents
from include.domain.release.verdict import FORMAT, VERDICT_FILE
from include.pipeline.promotion.promotion_ports import AliasRegistry
from include.pipeline.release.evaluate_release import Contestant, contestants
from include.pipeline.release.evidence import Evidence
from include.pipeline.release.register_challenger import register_challenger
from include.pipeline.release.release_ports import ReleasePictures, ReleaseTracking, Scene
from include.pipeline.release.release_report import Findings, write_report
from include.pipeline.versions.publish_version import PublishPorts

EVIDENCE_TAG = "twolane.evidence"
RELEASE_TAG = "twolane.release"
GATES_TAG = "twolane.gates"
"""On a version: `passed` or `failed`."""


@dataclass(frozen=True, slots=True)
class JudgePorts:
    """What judging needs of the world."""

    publish: PublishPorts
    aliases: AliasRegistry
    tracking: ReleaseTracking
    pictures: ReleasePictures


def judge_release(
    evidence: Evidence, limits: GateLimits, *, models_bucket: str, ports: JudgePorts
) -> Findings:
    """Propose, register the proposed candidate as `challenger`, and judge it.

    Everything is written to the release's evidence and shown in MLflow, whatever the gates say.
    Running it again with other limits judges anew. Where the proposal is the champion itself, made
    of the same data, code and parameters, the version and its tags are left as they are.

    Raises:
        ReleaseFailed: a job is not done, or the registry refuses.
    """
    planned = evidence.plan()
    models = contestants(evidence, planned)
    evaluations = {each.name: evidence.evaluation(each.name) for each in planned.hardware}
    first = planned.hardware[0]
    proposal = propose(
        evaluations[first.name],
        price_usd_per_h=first.price_usd_per_h,
        margin=planned.margin,
        is_emulated=planned.is_emulated,
    )
    chosen = models[proposal.key]
    model = register_challenger(
        evidence, proposal.key, chosen, models_bucket=models_bucket, ports=ports.publish
    )
    champion = ports.aliases.aliases(model.name).get(Alias.CHAMPION)
    is_champion = model.version in (champion, planned.champion_version)
    if not is_champion:
        ports.aliases.point(model.name, Alias.CHALLENGER, model.version)
    judged = Judged(
        key=proposal.key,
        evaluations=evaluations,
        usd_per_million={
            each.name: usd_per_million_documents(
                evaluations[each.name].models[proposal.key].documents_per_s, each.price_usd_per_h
            )
            for each in planned.hardware
        },
        fit_digest=planned.data.fit_digest,
        sha256=model.digest,
        not_compared=planned.left_out.get(CHAMPION_KEY, ""),
    )
    gates = judge(judged, limits)
    findings = Findings(planned, evaluations, proposal, model, gates, is_champion)
    _record(evidence, findings, chosen, ports)
    return findings


def _record(evidence: Evidence, findings: Findings, chosen: Contestant, ports: JudgePorts) -> None:
    planned, model = findings.planned, findings.model
    evidence.write("proposal.json", json.dumps(asdict(findings.proposal), indent=2))
    evidence.write(VERDICT_FILE, json.dumps(_verdict(evidence, findings), indent=2))
    page = ports.tracking.run_url(planned.run_id)
    report = write_report(findings, page)
    evidence.write("report.md", report, "text/markdown")
    scene = Scene(model.name, findings.quality, findings.proposal, planned.is_emulated)
    pictures = {f"pictures/{name}": png for name, png in ports.pictures.draw(scene).items()}
    with tempfile.TemporaryDirectory(prefix="twolane-pictures-") as scratch:
        for name, png in pictures.items():
            path = Path(scratch) / "picture.png"
            path.write_bytes(png)
            evidence.objects.upload(path, evidence.uri(name), "image/png")
    texts = [f"evaluation-{each.name}.json" for each in planned.hardware]
    texts += ["proposal.json", VERDICT_FILE, "report.md"]
    files = pictures | {name: evidence.read(name).encode() for name in texts}
    ports.tracking.attach(planned.run_id, files)
    ports.tracking.log_metrics(planned.run_id, _metrics(findings))
    for key, contestant in contestants(evidence, planned).items():
        if contestant.record:
            found = _figures(findings.quality, key)
            ports.tracking.log_metrics(
                contestant.record.run_id, {f"test/{key}/{n}": v for n, v in found.items()}
            )
    outcome = "passed" if findings.passed else "failed"
    if not findings.is_champion:
        tags = {
            EVIDENCE_TAG: evidence.folder,
            GATES_TAG: outcome,
            RELEASE_TAG: planned.release_id,
        }
        ports.aliases.tag_version(model.name, model.version, tags)
    ports.tracking.forget_failure(planned.run_id)
    ports.tracking.close_run(planned.run_id, succeeded=True, tags={GATES_TAG: outcome})


def _verdict(evidence: Evidence, findings: Findings) -> dict[str, Any]:
    planned, model = findings.planned, findings.model
    return {
        "format": FORMAT,
        "release_id": planned.release_id,
        "candidate": findings.proposal.key,
        "model": asdict(model),
        "against": asdict(planned.champion) if planned.champion else None,
        "evidence": evidence.folder,
        "passed": findings.passed,
        "gates": [asdict(gate) for gate in findings.gates],
    }


def _metrics(findings: Findings) -> dict[str, float]:
    keys = [*findings.quality.candidates]
    if CHAMPION_KEY in findings.quality.models:
        keys.append(CHAMPION_KEY)
    return {
        f"{key}/{name}": value
        for key in keys
        for name, value in _figures(findings.quality, key).items()
    }


def _figures(evaluation: Evaluation, key: str) -> Mapping[str, float]:
    model = evaluation.models[key]
    return {
        "accuracy": model.accuracy,
        "macro_f1": model.macro_f1,
        "ece": model.ece,
        "documents_per_s": model.documents_per_s,
        "p99_ms": model.latency_p99_ms,
    }
