"""`DriftPage` as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from include.domain.drift.features import Feature
from include.domain.drift.policy import (
    ACCURACY_LOSSES,
    EFFECTS,
    DriftPolicy,
    Finding,
    Level,
    Source,
    Stream,
)
from include.pipeline.drift.watch_drift import Watched

WORDS = {
    Feature.LENGTH: "Length of the texts",
    Feature.VOCABULARY: "Words",
    Feature.EMBEDDING: "Meaning of the words (the encoder's vectors)",
    Feature.LABELS: "Labels the model gave",
    Feature.SCORE: "How sure the model was",
    Feature.QUALITY: "Accuracy, by labels that came back",
}
SOURCES = {
    Source.OWN: "its own first days",
    Source.TRAINING: "what the model was trained on",
}
_LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True)
class Line:
    """One test on the page, in words."""

    finding: Finding

    @property
    def feature(self) -> str:
        """What was looked at."""
        return WORDS[self.finding.comparison.feature]

    @property
    def effect(self) -> str:
        """How far it moved, in the unit of the feature."""
        comparison = self.finding.comparison
        if comparison.feature is Feature.QUALITY:
            return f"{100 * comparison.effect:.1f} points"
        return f"{comparison.effect:.2f}"

    @property
    def chance(self) -> str:
        """The adjusted p-value, as people write one."""
        value = self.finding.adjusted_p_value
        return "< 0.0001" if value < 0.0001 else f"{value:.4f}"

    @property
    def width(self) -> float:
        """Of the bar, in percent; full where a major shift is doubled."""
        is_quality = self.finding.comparison.feature is Feature.QUALITY
        major = (ACCURACY_LOSSES if is_quality else EFFECTS)[-1]
        return min(100.0, 50 * self.finding.comparison.effect / major)


@dataclass(frozen=True, slots=True)
class Section:
    """What one account sends to one model version."""

    stream: Stream
    lines: tuple[Line, ...]

    @property
    def level(self) -> Level:
        """The worst."""
        return max((line.finding.level for line in self.lines), key=_LEVELS.index)

    @property
    def compared_with(self) -> str:
        """In words."""
        sources = {line.finding.comparison.source: None for line in self.lines}
        return " and ".join(SOURCES[source] for source in sources)


class HtmlDriftPage:
    """A plain page, the same for the same findings."""

    def render(self, watched: Watched, policy: DriftPolicy) -> str:
        """See `DriftPage.render`."""
        sections = _sections(watched.findings)
        return _template().render(
            night=watched.night,
            sections=sections,
            unread=watched.unread,
            alarms=sum(section.level is not Level.STEADY for section in sections),
            tests=len(watched.findings),
            policy=policy,
            effects=EFFECTS,
            losses=[round(100 * loss) for loss in ACCURACY_LOSSES],
        )


def _sections(findings: Sequence[Finding]) -> list[Section]:
    def place(finding: Finding) -> tuple[str, str, str]:
        stream = finding.comparison.stream
        return stream.account, stream.model.name, stream.model.version

    features = list(Feature)
    sections = []
    for _, group in groupby(sorted(findings, key=place), key=place):
        found = sorted(
            group, key=lambda f: (features.index(f.comparison.feature), f.comparison.days)
        )
        sections.append(Section(found[0].comparison.stream, tuple(map(Line, found))))
    return sorted(sections, key=lambda section: -_LEVELS.index(section.level))


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = lambda value: f"{value:,}"
    return environment.get_template("page.html.j2")
