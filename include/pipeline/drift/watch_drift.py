"""A night's watch: every account and model compared, judged together, written down.

The tests of a night are judged together by Benjamini and Hochberg (1995): of the findings called
drift, at most the policy's share is chance, and of nights on which nothing has moved, at most that
share raises any alarm, however many accounts there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from scipy.stats import false_discovery_control

from include.domain.drift.notes import note_of
from include.domain.drift.policy import Comparison, DriftPolicy, Finding, Stream, level_of
from include.domain.drift.sketch import Sketch, merged
from include.domain.drift.windows import FIRST_NIGHTS, Day, has_own_reference, windows_of
from include.domain.model_ref import ModelRef
from include.pipeline.drift.ports import UNREADABLE_DATA, DriftBook, TrainingFacts, Unread
from include.pipeline.drift.quality_test import compare_quality
from include.pipeline.drift.two_sample import differences
from include.pipeline.ports.objects import ObjectStore

DRIFT_TAG = "twolane.drift"
"""On a version in the registry: what the last watch found."""

PAGE_TYPE = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Watched:
    """What a night's watch has found; `unread` is what it went without."""

    night: date
    findings: Sequence[Finding]
    unread: Sequence[Unread] = ()


class DriftPage(Protocol):
    """The report of a night."""

    def render(self, watched: Watched, policy: DriftPolicy) -> str:
        """Return a self-contained HTML page."""
        ...


@dataclass(frozen=True, slots=True)
class WatchPorts:
    """What a night's watch needs of the world.

    Attributes:
        training_sketch: what a version was trained on, None where that is not known; raises one of
            `UNREADABLE_DATA` where it cannot be read.
        facts: what is known of its training.
        tag_version: writes tags on a version (name, version) in the registry.
    """

    objects: ObjectStore
    book: DriftBook
    page: DriftPage
    training_sketch: Callable[[ModelRef], Sketch | None]
    facts: Callable[[ModelRef], TrainingFacts]
    tag_version: Callable[[str, str, Mapping[str, str]], None]


def watch_drift(
    night: date, *, work_bucket: str, policy: DriftPolicy, ports: WatchPorts
) -> Watched:
    """Judge what was sent until a night; watching again replaces what was found.

    Where the training data of a version cannot be read, accounts that have first days of their own
    are compared with those, the others with nothing.

    Raises:
        StoreError: the database or the work bucket refuses.
    """
    streams = ports.book.streams(night, first_nights=FIRST_NIGHTS, window_days=policy.window_days)
    new = {
        stream.model
        for stream, days in streams.items()
        if not has_own_reference(days, night, policy)
    }
    sketches, unread = _training_sketches(new, ports)
    comparisons = [
        comparison
        for stream, days in streams.items()
        for comparison in compare_stream(stream, days, night, sketches.get(stream.model), policy)
    ]
    answers = ports.book.labelled_answers(night, days=policy.quality_days)
    for stream, found in answers.items():
        quality = compare_quality(stream, found, ports.facts(stream.model), policy)
        if quality is not None:
            comparisons.append(quality)
    findings = judged(night, comparisons, policy)
    watched = Watched(night, findings, unread)
    report_uri = f"s3://{work_bucket}/drift/{night.isoformat()}/index.html"
    ports.objects.write_text(report_uri, ports.page.render(watched, policy), PAGE_TYPE)
    ports.book.record(night, findings, report_uri=report_uri)
    for model in sorted({each.comparison.stream.model for each in findings}, key=str):
        tags = {DRIFT_TAG: f"{_said_of(model, findings)} ({report_uri})"}
        ports.tag_version(model.name, model.version, tags)
    return watched


def _training_sketches(
    models: Collection[ModelRef], ports: WatchPorts
) -> tuple[dict[ModelRef, Sketch | None], list[Unread]]:
    sketches: dict[ModelRef, Sketch | None] = {}
    unread: list[Unread] = []
    for model in sorted(models, key=str):
        try:
            sketches[model] = ports.training_sketch(model)
        except UNREADABLE_DATA as exc:
            sketches[model] = None
            lost = (
                "Accounts that are new to this version are compared with nothing until they have "
                "first days of their own."
            )
            unread.append(Unread(model.label, f"its training data: {exc}", lost))
    return sketches, unread


def _said_of(model: ModelRef, findings: Sequence[Finding]) -> str:
    """Return the night's word on a version, as its tag shows it."""
    of_model = [each for each in findings if each.comparison.stream.model == model]
    accounts = {each.comparison.stream.account for each in of_model}
    moved = {each.comparison.stream.account: each for each in of_model if each.is_alarm}
    if not moved:
        return f"{of_model[0].night}: none of {len(accounts)} accounts has moved"
    worst = next(each for each in of_model if each.is_alarm)
    return (
        f"{worst.night}: {len(moved)} of {len(accounts)} accounts have moved, most "
        f"{worst.comparison.stream.account}, {worst.comparison.feature.value} {worst.level.value}"
    )


def compare_stream(
    stream: Stream, days: Sequence[Day], night: date, training: Sketch | None, policy: DriftPolicy
) -> Iterator[Comparison]:
    """Yield the tests of what one account sends to one model version."""
    windows = windows_of(days, night, training, policy)
    if windows is None:
        return
    before = merged(windows.reference)
    for length, current in windows.current.items():
        now = merged(current)
        for feature, found in differences(windows.reference, current).items():
            yield Comparison(
                stream,
                feature,
                length,
                windows.source,
                documents=now.documents,
                reference_documents=before.documents,
                effect=found.effect,
                p_value=found.p_value,
                note=note_of(feature, before, now),
            )


def judged(night: date, comparisons: Sequence[Comparison], policy: DriftPolicy) -> list[Finding]:
    """Judge the tests of a night together; the worst comes first."""
    if not comparisons:
        return []
    adjusted = false_discovery_control([each.p_value for each in comparisons])
    findings = [
        Finding(night, each, float(value), level_of(each, float(value), policy))
        for each, value in zip(comparisons, adjusted, strict=True)
    ]
    return sorted(findings, key=lambda each: (not each.is_alarm, -each.comparison.effect))
