"""`python -m include.cli.reconcile`: prove that both stores hold what batches gave; repair them.

Reads every row of the batches named, or of those that succeeded since a moment, and compares them
with the batches' output in S3. Prints one line a batch.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from include.domain.errors import TwolaneError
from include.pipeline.reconciliation.reconcile_ports import Proof
from include.wiring.batches.bootstrap import Twolane, twolane


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 all consistent, 1 not, or not provable."""
    options = _parser().parse_args(arguments)
    try:
        app = twolane()
        batches = options.batch or app.succeeded_since(options.since)
    except TwolaneError as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201 - a command speaks to its caller
        return 1
    outcomes = [_prove(app, batch_id, is_repaired=options.repair) for batch_id in batches]
    print(f"{len(batches)} batch(es), {outcomes.count(False)} not consistent")  # noqa: T201
    return 0 if all(outcomes) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="include.cli.reconcile", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--batch", action="append", metavar="ID", help="may be given several times")
    which.add_argument(
        "--since",
        type=_moment,
        default=datetime.now(UTC) - timedelta(days=1),
        metavar="ISO",
        help="batches that succeeded since, e.g. 2026-11-01 or 2026-11-01T08:00+01:00; UTC where "
        "no offset is given; a day ago by default",
    )
    parser.add_argument("--repair", action="store_true", help="load again what is off")
    return parser


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _prove(app: Twolane, batch_id: str, *, is_repaired: bool) -> bool:
    try:
        proof = app.reconcile(batch_id, is_repaired=is_repaired)
    except TwolaneError as exc:
        print(f"{batch_id}  cannot be proved: {exc}")  # noqa: T201
        return False
    print(describe(proof))  # noqa: T201
    return proof.is_consistent


def describe(proof: Proof) -> str:
    """Return a proof in one line."""
    words = "consistent" if proof.is_consistent else "NOT CONSISTENT"
    parts = [f"{proof.batch_id}  {words}  {proof.expected.count:,} predictions"]
    if proof.repaired_shards:
        parts.append(f"loaded again: {', '.join(proof.repaired_shards)}")
    return "  ".join([*parts, *proof.findings])


if __name__ == "__main__":
    sys.exit(main())
