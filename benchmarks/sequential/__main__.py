"""`make bench-sequential`: wrong findings and documents needed; writes `results/sequential*`.

Simulated versions, or with a labelled file really trained ones on its documents.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.__main__ import machine
from benchmarks.sequential.simulate import Case, Outcome, draw, run_case

RESULTS = Path(__file__).parents[1] / "results"
LEVEL, MARGIN = 0.05, 0.02
RUNS, DOCUMENTS, AT_ONCE = 4_000, 5_000, 250
CASES = (
    *(Case(differing, 0.0) for differing in (0.02, 0.05, 0.1, 0.2, 0.4)),
    *(Case(differing, MARGIN) for differing in (0.05, 0.1)),
    *(Case(0.1, difference) for difference in (0.01, -0.01, -0.02, 0.03, -0.03, 0.05, -0.05)),
    Case(0.3, 0.1),
    Case(0.3, -0.1),
)


def main(arguments: list[str]) -> int:
    """Measure, write, print; return 1 when a wrong finding was more frequent than promised."""
    return on_documents(Path(arguments[0])) if arguments else simulated()


def on_documents(file: Path) -> int:
    """Compare really trained versions on a labelled file."""
    from benchmarks.sequential.real_documents import ORDERS, measure, render_streams

    streams = measure(file, level=LEVEL, margin=MARGIN)
    table = render_streams(streams, file.name, level=LEVEL, margin=MARGIN)
    record = {
        "what": "a challenger beside the champion on real labelled documents",
        "documents": file.name,
        "level": LEVEL,
        "margin": MARGIN,
        "orders": ORDERS,
        "streams": [asdict(each) for each in streams],
        "machine": _machine(),
    }
    target = RESULTS / f"sequential-{file.stem}.json"
    target.write_text(json.dumps(record, indent=2) + "\n")
    target.with_suffix(".md").write_text(table)
    print(table)
    return 0


def simulated() -> int:
    """Compare simulated versions; return 1 when a promise was broken."""
    began, rng = time.monotonic(), np.random.default_rng(0)
    outcomes = []
    for case in CASES:
        parts = [
            run_case(case, level=LEVEL, margin=MARGIN, counts=draw(case, AT_ONCE, DOCUMENTS, rng))
            for _ in range(RUNS // AT_ONCE)
        ]
        outcomes.append(_together(parts))
    worst = max(map(wrong, outcomes))
    record = {
        "what": "a comparison judged after every labelled document, simulated",
        "level": LEVEL,
        "margin": MARGIN,
        "runs": RUNS,
        "documents": DOCUMENTS,
        "outcomes": [asdict(each) | {"wrong": wrong(each)} for each in outcomes],
        "most_wrong": worst,
        "goal": f"wrong findings in at most {LEVEL} of the runs, whatever the two versions",
        "goal_met": worst <= LEVEL,
        "machine": _machine(),
        "took_s": round(time.monotonic() - began, 1),
    }
    table = render(outcomes)
    (RESULTS / "sequential.json").write_text(json.dumps(record, indent=2) + "\n")
    (RESULTS / "sequential.md").write_text(table)
    print(table)
    print(f"most frequent wrong finding: {worst:.2%} of {RUNS:,} runs (at most {LEVEL:.0%})")
    return 0 if worst <= LEVEL else 1


def wrong(outcome: Outcome) -> float:
    """Return the share of runs whose finding is not true."""
    difference = outcome.case.difference
    return (
        outcome.better * (difference <= 0)
        + outcome.worse * (difference >= 0)
        + outcome.equivalent * (abs(difference) >= MARGIN)
    )


def render(outcomes: list[Outcome]) -> str:
    """Return the table in Markdown."""
    lines = [
        f"Two versions on the same labelled documents, {RUNS:,} simulated runs of up to "
        f"{DOCUMENTS:,} documents, judged after every document; level {LEVEL:g}, margin "
        f"{MARGIN:g}.",
        "",
        "| one alone is right on | accuracy differs by | better | equivalent | worse | undecided "
        "| wrong | documents, median | usual test, looked at after every document: alarms |",
        "|" + "---:|" * 9,
    ]
    for each in outcomes:
        median = f"{each.median_documents:,}" if each.median_documents else "–"
        lines.append(
            f"| {each.case.differing:.0%} | {each.case.difference:+.0%} | {each.better:.2%} | "
            f"{each.equivalent:.2%} | {each.worse:.2%} | {each.undecided:.2%} | {wrong(each):.2%} "
            f"| {median} | {each.usual_alarms:.1%} |"
        )
    return "\n".join(lines) + "\n"


def _machine() -> dict[str, object]:
    return {what: value for what, value in machine().items() if what != "emulated"}


def _together(parts: list[Outcome]) -> Outcome:
    """Return what equally large parts of a case's runs come to; of medians, their median."""
    medians = [each.median_documents for each in parts if each.median_documents is not None]
    return Outcome(
        case=parts[0].case,
        better=float(np.mean([each.better for each in parts])),
        equivalent=float(np.mean([each.equivalent for each in parts])),
        worse=float(np.mean([each.worse for each in parts])),
        undecided=float(np.mean([each.undecided for each in parts])),
        median_documents=int(np.median(medians)) if medians else None,
        usual_alarms=float(np.mean([each.usual_alarms for each in parts])),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
