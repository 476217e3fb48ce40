"""DriftBook in lists, beside the fake read store and feedback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from include.domain.drift.policy import Finding, Level, Stream
from include.domain.drift.sketch import merged
from include.domain.drift.windows import Day
from include.pipeline.drift.ports import (
    Alarm,
    BatchProfile,
    DriftRelease,
    LabelledAnswers,
    LabelledReference,
)
from tests.support.fakes.feedback import FakeFeedbackBook
from tests.support.fakes.stores import FakeReadStore


@dataclass
class FakeDriftBook:
    """Everything in the order it came."""

    store: FakeReadStore = field(default_factory=FakeReadStore)
    profiles: dict[str, BatchProfile] = field(default_factory=dict)
    findings: dict[date, list[Finding]] = field(default_factory=dict)
    report_uris: dict[date, str] = field(default_factory=dict)
    kept_releases: dict[str, DriftRelease] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.feedback = FakeFeedbackBook(self.store)

    def unprofiled(self, since: datetime) -> list[str]:
        closed = [
            (batch.closure.closed_at, batch_id)
            for batch_id, batch in self.store.batches.items()
            if batch.state == "succeeded" and batch.closure and batch_id not in self.profiles
        ]
        return [batch_id for closed_at, batch_id in sorted(closed) if closed_at >= since]

    def keep_profile(self, profile: BatchProfile) -> None:
        self.profiles.setdefault(profile.batch_id, profile)

    def streams(
        self, night: date, *, first_nights: int, window_days: int
    ) -> Mapping[Stream, Sequence[Day]]:
        by_stream: dict[Stream, dict[date, list[BatchProfile]]] = {}
        for profile in self.profiles.values():
            if profile.sketch is not None and profile.night <= night:
                nights = by_stream.setdefault(profile.stream, {})
                nights.setdefault(profile.night, []).append(profile)
        after = night - timedelta(days=window_days)
        return {
            stream: [
                Day(each, merged(p.sketch for p in profiles if p.sketch))
                for nth, (each, profiles) in enumerate(sorted(nights.items()), start=1)
                if nth <= first_nights or each > after
            ]
            for stream, nights in by_stream.items()
            if night in nights
        }

    def labelled_answers(self, night: date, *, days: int) -> Mapping[Stream, LabelledAnswers]:
        counts: dict[Stream, list[int]] = {}
        recent: set[Stream] = set()
        for each in self.feedback.labels.values():
            manifest = self.store.batches[each.batch_id].manifest
            rows = self.store.batches[each.batch_id].predictions
            row = rows.get((each.document_id, manifest.model.version))
            day = each.given_at.astimezone(UTC).date()
            if row is None or day > night:
                continue
            stream = Stream(each.account, manifest.model)
            is_recent = day > night - timedelta(days=days)
            recent |= {stream} if is_recent else set()
            place = (0 if is_recent else 2) + (row.label != each.label)
            counts.setdefault(stream, [0, 0, 0, 0])[place] += 1
        return {stream: LabelledAnswers(*counts[stream]) for stream in counts if stream in recent}

    def record(self, night: date, findings: Sequence[Finding], *, report_uri: str) -> None:
        self.findings[night] = list(findings)
        self.report_uris[night] = report_uri

    def alarms(self, since: date, until: date) -> list[Alarm]:
        return [
            Alarm(
                finding.comparison.stream.model.name,
                finding.comparison.stream.model.version,
                finding.comparison.stream.account,
                night,
                finding.comparison.feature.value,
                finding.comparison.effect,
            )
            for night, findings in sorted(self.findings.items())
            for finding in findings
            if since <= night <= until and finding.level is Level.MAJOR
        ]

    def labelled(self, model_name: str, accounts: Sequence[str]) -> list[LabelledReference]:
        latest = {}
        for each in sorted(self.feedback.labels.values(), key=lambda f: f.given_at):
            is_of_model = self.store.batches[each.batch_id].manifest.model.name == model_name
            if is_of_model and each.account in accounts:
                latest[each.account, each.document_id] = each
        return [
            LabelledReference(each.account, each.batch_id, each.document_id, each.label)
            for each in sorted(latest.values(), key=lambda f: (f.given_at, f.document_id))
        ]

    def releases(self, since: date) -> list[DriftRelease]:
        return [each for each in self.kept_releases.values() if each.night >= since]

    def keep_release(self, release: DriftRelease) -> None:
        self.kept_releases.setdefault(release.run_id, release)
