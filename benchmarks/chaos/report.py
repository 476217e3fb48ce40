"""The table of cases and outcomes, as JSON and as Markdown."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.chaos.cases import Cell
from benchmarks.chaos.rounds import Hit, RoundResult


@dataclass(frozen=True, slots=True)
class Case:
    """One case of the matrix and what came of it.

    Attributes:
        outcome: `sound`, `unsound`, `stuck` or `missed`.
        recovered_s: seconds from the kill to the end of the step that was hit.
        detail: what is wrong, where something is.
    """

    victim: str
    lane: str
    moment: str
    outcome: str
    recovered_s: float | None = None
    batch_id: str = ""
    detail: str = ""


def cases_of(result: RoundResult) -> list[Case]:
    """Return the cases of a round."""
    return [_case(hit, result) for hit in result.hits]


def missed(cells: Iterable[Cell]) -> list[Case]:
    """Return cases whose moment never came; they count as not shown."""
    return [Case(c.victim.value, c.lane, str(c.moment), "missed") for c in cells]


def _case(hit: Hit, result: RoundResult) -> Case:
    key = hit.batch.key
    stuck, verdict = result.unfinished.get(key, ""), result.verdicts[key]
    outcome = "stuck" if stuck else "unsound" if verdict.complaint else "sound"
    return Case(
        victim=hit.cell.victim.value,
        lane=hit.cell.lane,
        moment=str(hit.cell.moment),
        outcome=outcome,
        recovered_s=None if hit.recovered_s is None else round(hit.recovered_s, 1),
        batch_id=hit.batch.batch_id,
        detail="; ".join(part for part in (stuck, verdict.complaint) if part),
    )


def totals(results: Sequence[RoundResult]) -> dict[str, int]:
    """Return the sums over every batch of every round."""
    verdicts = [v for result in results for v in result.verdicts.values()]
    return {
        "batches": len(verdicts),
        "documents": sum(v.documents for v in verdicts),
        "lost": sum(v.lost for v in verdicts),
        "doubled": sum(v.doubled for v in verdicts),
        "with_different_answers": sum(v.differing for v in verdicts),
        "charges_doubled": sum(n > 1 for v in verdicts for n in v.charges.values()),
    }


def write(folder: Path, cases: Sequence[Case], sums: dict[str, int], facts: dict[str, Any]) -> None:
    """Write `chaos.json` and `chaos.md`."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {**facts, "totals": sums, "cases": [asdict(case) for case in cases]}
    (folder / "chaos.json").write_text(json.dumps(document, indent=2) + "\n")
    (folder / "chaos.md").write_text(markdown(cases, sums))


def markdown(cases: Sequence[Case], sums: dict[str, int]) -> str:
    """Return the table: a row a victim and moment, a column a lane, seconds to recover."""
    lanes = list(dict.fromkeys(case.lane for case in cases))
    found = {(c.victim, _row(c), c.lane): c for c in cases}
    rows = list(dict.fromkeys((c.victim, _row(c)) for c in cases))
    lines = [
        f"{sums['batches']:,} batches, {sums['documents']:,} documents: {sums['lost']} lost, "
        f"{sums['doubled']} doubled, {sums['with_different_answers']} with different answers, "
        f"{sums['charges_doubled']} charged twice.",
        "",
        "Seconds from the kill to the end of the step it met.",
        "",
        "| killed | at | " + " | ".join(lanes) + " |",
        "|---|---|" + "---|" * len(lanes),
    ]
    lines += [
        f"| {victim} | {moment} | "
        + " | ".join(_cell(found.get((victim, moment, lane))) for lane in lanes)
        + " |"
        for victim, moment in rows
    ]
    lines += ["", *_medians(cases)]
    lines += [
        f"- **{c.outcome}**: {c.victim} killed, {c.lane} at {c.moment}: {c.detail}"
        for c in cases
        if c.outcome in ("unsound", "stuck")
    ]
    return "\n".join(lines).rstrip() + "\n"


def _row(case: Case) -> str:
    task, plus, after = case.moment.partition("+")
    return f"{'the lane' if task == case.lane else task}{plus}{after}"


def _cell(case: Case | None) -> str:
    if case is None:
        return ""
    if case.outcome == "sound":
        return "sound" if not case.recovered_s else f"{case.recovered_s:.1f}"
    return f"**{case.outcome}**"


def _medians(cases: Sequence[Case]) -> list[str]:
    lines = []
    for victim in dict.fromkeys(case.victim for case in cases):
        seconds = [c.recovered_s for c in cases if c.victim == victim and c.recovered_s]
        if seconds:
            lines.append(
                f"{victim}: {len(seconds)} kills, median {statistics.median(seconds):.1f} s, "
                f"longest {max(seconds):.1f} s.  "
            )
    return [*lines, ""] if lines else []
