"""`python -m include.cli.gpus`: what GPUs do now, what nobody owns, and what was saved.

It looks as the DAG `watch_gpus` does, keeps a sample of each look, and lets nothing go. Savings are
US dollars at list price; of what is emulated, no bill is smaller.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from include.domain.errors import TwolaneError
from include.domain.gpus.idleness import Finding
from include.domain.gpus.orphans import Orphan
from include.pipeline.gpus.ports import SavedLine
from include.wiring.gpus import gpu_watch


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 with the reason on stderr."""
    options = _parser().parse_args(arguments)
    try:
        watch = gpu_watch()
        findings = watch.look_at_gpus().findings
        lines = report(findings, watch.orphans(), watch.saved(options.first, options.last))
    except TwolaneError as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201
        return 1
    print("\n".join(lines))  # noqa: T201
    return 0


def report(
    findings: Sequence[Finding], orphans: Sequence[Orphan], savings: Sequence[SavedLine]
) -> Iterator[str]:
    """Yield the lines of three lists for people."""
    yield "GPUs" if findings else "No GPU of ours is held."
    for finding in findings:
        held = finding.resource
        share = finding.utilisation
        used = "no metric" if share is None else f"{share:.0%} used"
        yield f"  {held.resource_id}  {held.instances} x {held.instance_type}  {used}"
        yield f"    {finding.standing.value}: {finding.reason}"
    yield "Orphans" if orphans else "Nothing is without an owner."
    for orphan in orphans:
        yield f"  {orphan.resource.kind.words} {orphan.resource.resource_id}: {orphan.reason}"
    yield "Saved" if savings else "Nothing was saved in that time."
    for line in savings:
        times = f"{line.actions} time" + ("" if line.actions == 1 else "s")
        note = ", emulated" if line.is_emulated else ""
        yield f"  {line.reason.value}: ${line.list_saved_usd:.4f} at list price, {times}{note}"


def _parser() -> argparse.ArgumentParser:
    today = datetime.now(UTC).date()
    parser = argparse.ArgumentParser(prog="python -m include.cli.gpus", description=__doc__)
    parser.add_argument(
        "--first", type=date.fromisoformat, default=today - timedelta(days=30), metavar="DAY"
    )
    parser.add_argument("--last", type=date.fromisoformat, default=today, metavar="DAY")
    return parser


if __name__ == "__main__":
    sys.exit(main())
