"""A release's findings as a page: for the evidence, MLflow, and the person who approves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from include.domain.model_ref import ModelRef
from include.domain.release.evaluation import CHAMPION_KEY, Evaluation
from include.domain.release.judgement import GateResult
from include.domain.release.proposal import Proposal, usd_per_million_documents
from include.pipeline.release.release_records import MeasuredHardware, PlannedRelease


@dataclass(frozen=True, slots=True)
class Findings:
    """What a release found.

    Attributes:
        evaluations: by hardware class.
        model: the proposed candidate's registered version.
        is_champion: whether that is the champion already, so that there is nothing to promote.
    """

    planned: PlannedRelease
    evaluations: Mapping[str, Evaluation]
    proposal: Proposal
    model: ModelRef
    gates: tuple[GateResult, ...]
    is_champion: bool = False

    @property
    def quality(self) -> Evaluation:
        """The evaluation that quality is read off."""
        return self.evaluations[self.planned.hardware[0].name]

    @property
    def passed(self) -> bool:
        """Whether every gate passed."""
        return all(gate.passed for gate in self.gates)

    @property
    def failures(self) -> tuple[str, ...]:
        """A sentence of each gate that failed."""
        return tuple(f"{gate.name}: {gate.sentence}" for gate in self.gates if not gate.passed)


def write_report(findings: Findings, run_url: str) -> str:
    """Return the page, in Markdown."""
    planned, model = findings.planned, findings.model
    against = f"version {planned.champion.version}" if planned.champion else "none"
    if planned.champion_version and not planned.champion:
        against = f"version {planned.champion_version}, not compared"
    reason = planned.request.reason or "none given"
    lines = [
        f"## {model.label}: {findings.proposal.key}",
        "",
        f"**Proposed:** {findings.proposal.reason}",
        "",
        *(["**Nothing new:** this version is the champion.", ""] if findings.is_champion else []),
        f"Champion: {against} · {planned.data.fit_documents} documents trained on, "
        f"{planned.data.test_documents} tested on, none of them in both · reason: {reason} · "
        f"[run with pictures]({run_url})",
        "",
        *_gate_table(findings.gates),
    ]
    for hardware in planned.hardware:
        lines += ["", *_model_table(findings, hardware)]
    lines += ["", *_class_table(findings)]
    if planned.left_out:
        lines += ["", "Left out:", ""]
        lines += [f"- {key}: {why}" for key, why in planned.left_out.items()]
    return "\n".join(lines) + "\n"


def _gate_table(gates: tuple[GateResult, ...]) -> list[str]:
    rows = [
        f"| {gate.name} | {'passed' if gate.passed else '**failed**'} | {gate.sentence} |"
        for gate in gates
    ]
    return ["| Gate | | |", "|---|---|---|", *rows]


def _model_table(findings: Findings, hardware: MeasuredHardware) -> list[str]:
    evaluation = findings.evaluations[hardware.name]
    emulated = ", emulated" if findings.planned.is_emulated else ""
    cores = "core" if evaluation.cores == 1 else "cores"
    title = (
        f"**{hardware.name}**: {hardware.instance_type}{emulated} "
        f"({evaluation.cpu or 'unknown processor'}, {evaluation.cores} {cores}, "
        f"{evaluation.engine}), ${hardware.price_usd_per_h:g} an hour"
    )
    rows = []
    for key, model in evaluation.models.items():
        cost = usd_per_million_documents(model.documents_per_s, hardware.price_usd_per_h)
        cheaply = "" if model.answered_cheaply is None else f"{model.answered_cheaply:.0%}"
        name = f"**{key}**" if key == findings.proposal.key else key
        rows.append(
            f"| {name} | {model.accuracy:.2%} | {model.macro_f1:.3f} | {model.ece:.3f} "
            f"| {model.documents_per_s:,.0f} | {model.latency_p50_ms:.1f} / "
            f"{model.latency_p99_ms:.1f} | {cost:.4f} | {cheaply} |"
        )
    return [
        title,
        "",
        "| Model | Accuracy | Macro-F1 | Calibration error | Documents/s | p50 / p99, ms "
        "| $ a million | Answered cheaply |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
        *rows,
    ]


def _class_table(findings: Findings) -> list[str]:
    evaluation, key = findings.quality, findings.proposal.key
    champion = evaluation.models.get(CHAMPION_KEY)
    rows = []
    for label in evaluation.labels:
        own = evaluation.models[key].per_class.get(label)
        if own is None:
            continue
        other = champion.per_class.get(label) if champion else None
        before = f"{other.f1:.3f}" if other else ""
        rows.append(
            f"| {label} | {own.support} | {own.precision:.3f} | {own.recall:.3f} "
            f"| {own.f1:.3f} | {before} |"
        )
    return [
        f"| {key} by label | Documents | Precision | Recall | F1 | F1 of the champion |",
        "|---|---:|---:|---:|---:|---:|",
        *rows,
    ]
