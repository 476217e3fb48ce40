"""Leave what a comparison found where people and promotions look for it: S3, MLflow, an alert."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from include.domain.comparison.comparison import Comparison, Ending
from include.domain.comparison.sequential_test import difference_interval, disagreement_interval
from include.domain.errors import UnknownModelAlias
from include.domain.release.verdict import FORMAT, VERDICT_FILE
from include.pipeline.alerts.ports import AlertBook
from include.pipeline.comparison.announce_ending import announce_ending
from include.pipeline.comparison.ports import ComparisonBook, Figures, VersionTags
from include.pipeline.comparison.report import render_report
from include.pipeline.ports.objects import ObjectStore

TAG_PREFIX = "twolane.comparison."


@dataclass(frozen=True, slots=True)
class EvidencePorts:
    """What writing evidence needs of the world.

    Attributes:
        models_bucket: where models and what is known of them stand.
        is_emulated: list costs are what the emulated time would have cost.
        now: the time, timezone-aware.
    """

    book: ComparisonBook
    objects: ObjectStore
    tags: VersionTags
    alerts: AlertBook
    models_bucket: str
    is_emulated: bool
    now: Callable[[], datetime]


def write_evidence(ports: EvidencePorts) -> list[str]:
    """Report every comparison that has ended and was not reported; return where each report is.

    A comparison counts as reported once all of it is written, so that a repeated try completes it.

    Raises:
        TwolaneError: a store or the registry refuses.
    """
    return [_write(each, ports) for each in ports.book.unreported()]


def _write(comparison: Comparison, ports: EvidencePorts) -> str:
    ending = comparison.ending
    if ending is None:
        raise ValueError(f"comparison {comparison.comparison_id} has not ended")
    figures = ports.book.figures(comparison)
    root = (
        f"s3://{ports.models_bucket}/{comparison.model_name}/comparisons/"
        f"{comparison.comparison_id}/"
    )
    report = render_report(comparison, ending, figures, is_emulated=ports.is_emulated)
    ports.objects.write_text(root + "report.md", report, "text/markdown; charset=utf-8")
    for name, record in (
        ("comparison.json", _record(comparison, ending, figures)),
        (VERDICT_FILE, _verdict(comparison, ending)),
    ):
        text = json.dumps(record, indent=2, ensure_ascii=False, default=_encode)
        ports.objects.write_text(root + name, text)
    tags = {TAG_PREFIX + name: value for name, value in _tags(comparison, ending, root).items()}
    with suppress(UnknownModelAlias):  # a version deleted since has no page that could show them
        ports.tags.tag_version(comparison.model_name, comparison.challenger.version, tags)
    announce_ending(comparison, ending, root + "report.md", now=ports.now(), alerts=ports.alerts)
    ports.book.note_report(comparison.comparison_id, root)
    return root


def _record(comparison: Comparison, ending: Ending, figures: Figures) -> dict[str, Any]:
    level = comparison.plan.level
    labelled = figures.evidence.labelled.total
    return {
        "format": 1,
        **{k: v for k, v in asdict(comparison).items() if k not in ("ending", "evidence_uri")},
        "ending": asdict(ending),
        "figures": {**asdict(figures), "pairs": _listed(figures.pairs)},
        "disagreement": figures.evidence.disagreement,
        "disagreement_interval": disagreement_interval(figures.evidence, level=level),
        "accuracy_difference": figures.evidence.labelled.mean if labelled else None,
        "accuracy_difference_interval": difference_interval(figures.evidence, level=level),
    }


def _verdict(comparison: Comparison, ending: Ending) -> dict[str, Any]:
    """Return what `promote_model` reads; see `include.domain.release.verdict`."""
    passed = ending.finding.speaks_for_it
    gate = {
        "name": comparison.plan.kind.value,
        "passed": passed,
        "measured": ending.finding.value,
        "limit": "better or equivalent",
        "sentence": ending.reason,
    }
    model = asdict(comparison.challenger)
    return {"format": FORMAT, "model": model, "passed": passed, "gates": [gate]}


def _tags(comparison: Comparison, ending: Ending, root: str) -> Mapping[str, str]:
    return {
        "kind": comparison.plan.kind.value,
        "finding": ending.finding.value,
        "reason": ending.reason,
        "against": comparison.champion.version,
        "at": ending.at.isoformat(timespec="seconds"),
        "evidence": root,
    }


def _listed(pairs: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    return [
        {"champion": ours, "challenger": other, "documents": count}
        for (ours, other), count in sorted(pairs.items())
    ]


def _encode(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"cannot store {type(value).__name__} in a comparison")
