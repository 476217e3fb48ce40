"""`make bench-engine`: the product's engine beside its peers in one interleaved run.

Writes `benchmarks/results/engine-<documents>-<tokens>.json` for each case, and `engine.md` and
`engine.svg` over all of them that are there.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.engine import chart, machine, table
from benchmarks.engine.case import Case, CaseFiles
from benchmarks.engine.cases import CaseMaker
from benchmarks.engine.contenders import CONTENDERS, OURS, PEAK, Contender
from benchmarks.engine.environments import ensure
from benchmarks.engine.summary import summarize
from benchmarks.engine.turns import Measured, Worker, take_turns
from stack.install import Installer, InstallError

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
SAMPLE = ROOT / "include" / "sample" / "news.jsonl"
LONG_TOKENS = 512
LONG_SHARE = 0.1
"""Where more than this share is truncated, the case is run at `LONG_TOKENS` too."""


def main(argv: Sequence[str]) -> int:
    """Run every case, print the tables, write the files; 1 where a contender dropped out."""
    options = _options(argv)
    installer = Installer()
    chosen = [c for c in CONTENDERS if not options.only or c.key in options.only]
    results = []
    for documents in options.documents or [SAMPLE]:
        results += _document_cases(documents, chosen, options, installer)
    options.results.mkdir(parents=True, exist_ok=True)
    for result in results:
        name = f"engine-{result['documents_file']}-{result['max_tokens']}.json"
        text = json.dumps(result, indent=1, ensure_ascii=False)
        (options.results / name).write_text(text + "\n", encoding="utf-8")
    kept = sorted(options.results.glob("engine-*.json"))
    every = [json.loads(path.read_text(encoding="utf-8")) for path in kept]
    (options.results / "engine.md").write_text(table.markdown(every), encoding="utf-8")
    (options.results / "engine.svg").write_text(chart.bars(every), encoding="utf-8")
    print(table.markdown(results))
    return int(any(row["failed"] for result in results for row in result["contenders"]))


def _document_cases(
    documents: Path,
    contenders: Sequence[Contender],
    options: argparse.Namespace,
    installer: Installer,
) -> Iterator[dict[str, Any]]:
    maker = CaseMaker(installer, options.budget_tokens)
    lengths = options.max_tokens or [256]
    for length in lengths:
        files = maker.make(documents, length)
        yield _measure(files, contenders, options.rounds, installer)
        if not options.max_tokens and _is_long(files.case):
            yield _measure(
                maker.make(documents, LONG_TOKENS), contenders, options.rounds, installer
            )


def _is_long(case: Case) -> bool:
    return case.truncated > LONG_SHARE * case.documents


def _measure(
    files: CaseFiles, contenders: Sequence[Contender], rounds: int, installer: Installer
) -> dict[str, Any]:
    described = machine.describe()
    unmade: list[Measured] = []

    def workers() -> Iterator[Worker]:
        for contender in contenders:
            try:
                python = ensure(contender.environment, installer)
            except InstallError as error:
                unmade.append(Measured(contender, failed=str(error).splitlines()[0]))
                installer.say(str(error))
            else:
                yield Worker.start(contender, python, files.folder)

    began = time.time()
    measured = take_turns(workers(), rounds, installer.say)
    head = {
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
        "machine": described,
        "rounds": rounds,
    }
    return head | summarize(files, [*measured, *unmade])


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.engine", description=__doc__)
    parser.add_argument("documents", type=Path, nargs="*", help="JSON Lines files with `text`")
    parser.add_argument("--max-tokens", type=int, nargs="+", help="256, and 512 for long texts")
    parser.add_argument("--budget-tokens", type=int, help="tokens of one pass (100000)")
    parser.add_argument("--rounds", type=int, help="timed passes of each contender (3)")
    parser.add_argument("--quick", action="store_true", help="12,000 tokens, 2 rounds")
    parser.add_argument(
        "--only", nargs="+", metavar="KEY", help=" ".join(one.key for one in CONTENDERS)
    )
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(argv)
    if options.only:
        options.only = {PEAK, OURS, *options.only}
    options.budget_tokens = options.budget_tokens or (12_000 if options.quick else 100_000)
    options.rounds = options.rounds or (2 if options.quick else 3)
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
