"""The report of one batch: a page that needs nothing from the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from include.adapters.quality.suites import Rule, SuiteFile
from include.pipeline.ports.quality import ExpectationResult

OTHER = "Other expectations"


@dataclass(frozen=True, slots=True)
class Line:
    """One expectation on the page.

    Attributes:
        result: its counts and samples.
        rule: what the suite says of it, None where no suite knows it.
    """

    result: ExpectationResult
    rule: Rule | None

    @property
    def held(self) -> bool:
        """Whether no row failed."""
        return self.result.unexpected_count == 0

    @property
    def share(self) -> float:
        """Failing rows among those looked at, 0 to 1."""
        evaluated = self.result.evaluated_count
        return self.result.unexpected_count / evaluated if evaluated else 0.0

    @property
    def share_text(self) -> str:
        """The share for a person; a small one is never shown as none."""
        if self.held:
            return "0 %"
        return "< 0.01 %" if self.share < 0.0001 else f"{self.share:.2%}".replace("%", " %")


@dataclass(frozen=True, slots=True)
class Section:
    """One suite on the page; `row` is what it calls a row."""

    name: str
    title: str
    row: str
    lines: tuple[Line, ...]

    @property
    def evaluated_count(self) -> int:
        """Rows the suite looked at."""
        return max((line.result.evaluated_count for line in self.lines), default=0)


def render_page(
    *,
    title: str,
    facts: Mapping[str, str],
    suites: Sequence[SuiteFile],
    results: Sequence[ExpectationResult],
) -> str:
    """Return the page, self-contained and the same for the same arguments.

    Args:
        title: the heading.
        facts: what there is to know of the run, shown in order.
        suites: those the results may come from.
        results: merged over shards.
    """
    sections = _sections(suites, results)
    lines = [line for section in sections for line in section.lines]
    return _template().render(
        title=title,
        facts=facts,
        sections=sections,
        held_count=sum(line.held for line in lines),
        line_count=len(lines),
        gx_version=version("great-expectations"),
    )


def _sections(suites: Sequence[SuiteFile], results: Sequence[ExpectationResult]) -> list[Section]:
    by_words = {result.expectation: result for result in results}
    sections = []
    for suite in suites:
        lines = tuple(
            Line(by_words.pop(rule.words), rule) for rule in suite.rules if rule.words in by_words
        )
        if lines:
            sections.append(Section(suite.name, suite.title, suite.row, lines))
    if by_words:
        others = tuple(Line(result, None) for result in by_words.values())
        sections.append(Section("", OTHER, "row", others))
    return sections


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
    return environment.get_template("report.html.j2")
