"""What a release came to, beside what was known before."""

from __future__ import annotations

from typing import Any

from benchmarks.models.references import REFERENCES, SOURCE, Reference
from include.domain.release.proposal import usd_per_million_documents
from include.pipeline.release.release_report import Findings


def figures(findings: Findings, name: str) -> dict[str, Any]:
    """Return the release's figures by hardware class and model."""
    planned = findings.planned
    return {
        "set": name,
        "fit_documents": planned.data.fit_documents,
        "test_documents": planned.data.test_documents,
        "proposed": findings.proposal.key,
        "reason": findings.proposal.reason,
        "gates": {gate.name: gate.sentence for gate in findings.gates},
        "passed": findings.passed,
        "left_out": dict(planned.left_out),
        "hardware": {
            hardware.name: {
                "instance_type": hardware.instance_type,
                "is_emulated": planned.is_emulated,
                "cpu": findings.evaluations[hardware.name].cpu,
                "cores": findings.evaluations[hardware.name].cores,
                "engine": findings.evaluations[hardware.name].engine,
                "price_usd_per_h": hardware.price_usd_per_h,
                "models": {
                    key: {
                        "accuracy": model.accuracy,
                        "macro_f1": model.macro_f1,
                        "ece": model.ece,
                        "documents_per_s": model.documents_per_s,
                        "p50_ms": model.latency_p50_ms,
                        "p99_ms": model.latency_p99_ms,
                        "usd_per_million": usd_per_million_documents(
                            model.documents_per_s, hardware.price_usd_per_h
                        ),
                        "answered_cheaply": model.answered_cheaply,
                        "artifact_bytes": model.artifact_bytes,
                    }
                    for key, model in findings.evaluations[hardware.name].models.items()
                },
            }
            for hardware in planned.hardware
        },
    }


def table(found: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    lines = [
        f"# A release on {found['set']}",
        "",
        f"{found['fit_documents']} documents to train on, {found['test_documents']} to test on. "
        f"**Proposed:** {found['reason']}",
    ]
    for name, hardware in found["hardware"].items():
        lines += ["", *_hardware(found["set"], name, hardware)]
    lines += ["", "Gates:", ""]
    lines += [f"- {name}: {sentence}" for name, sentence in found["gates"].items()]
    lines += [f"- left out: {key}: {why}" for key, why in found["left_out"].items()]
    return "\n".join(lines) + "\n"


def _hardware(set_name: str, name: str, hardware: dict[str, Any]) -> list[str]:
    emulated = ", emulated" if hardware["is_emulated"] else ""
    known = REFERENCES.get(set_name, {})
    rows = [_row(key, model, known.get(key)) for key, model in hardware["models"].items()]
    return [
        f"**{name}**: {hardware['instance_type']}{emulated} ({hardware['cpu']}, "
        f"{hardware['cores']} cores, {hardware['engine']}), "
        f"${hardware['price_usd_per_h']:g} an hour. "
        f"*Before*: {SOURCE}.",
        "",
        "| Candidate | Accuracy | Before | Macro-F1 | Calibration error | Documents/s | Before "
        "| p50 / p99, ms | $ a million | Answered cheaply |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        *rows,
    ]


def _row(key: str, model: dict[str, Any], before: Reference | None) -> str:
    accuracy = f"{before.accuracy:g}" if before and before.accuracy else ""
    speed = f"{before.documents_per_s:,.0f}" if before and before.documents_per_s else ""
    cheaply = model["answered_cheaply"]
    return (
        f"| {key} | {model['accuracy'] * 100:.2f} | {accuracy} | {model['macro_f1']:.3f} "
        f"| {model['ece']:.3f} | {model['documents_per_s']:,.0f} | {speed} "
        f"| {model['p50_ms']:.1f} / {model['p99_ms']:.1f} | {model['usd_per_million']:.4f} "
        f"| {'' if cheaply is None else f'{cheaply:.0%}'} |"
    )
