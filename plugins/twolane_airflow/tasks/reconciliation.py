"""Proving closed batches as Airflow tasks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import task

LOOK_BACK = timedelta(hours=25)
"""A day, and an hour for the batches that closed while the last run was under way."""


@task
def find_closed(dag_run: Any = None) -> list[str]:
    """Return the batches that succeeded within a day before the run."""
    from include.wiring.batches.bootstrap import twolane

    moment: datetime = dag_run.run_after - LOOK_BACK
    return twolane().succeeded_since(moment)


@task
def prove_and_repair(batch_ids: list[str]) -> dict[str, int]:
    """Read every row of the batches, and load again what is off.

    Raises:
        StoreError: batches whose stores are not consistent after the repair, or cannot be proved;
            the others have been proved nevertheless.
    """
    from include.domain.errors import StoreError, TwolaneError
    from include.pipeline.reconciliation.reconcile_ports import Proof
    from include.wiring.batches.bootstrap import twolane

    product = twolane()
    proofs: list[Proof] = []
    unproved: list[str] = []
    for batch_id in batch_ids:
        try:
            proof = product.reconcile(batch_id, is_repaired=True)
        except TwolaneError as exc:
            unproved.append(f"{batch_id}: {exc}")
            continue
        proofs.append(proof)
        print(f"{batch_id}: {'; '.join(proof.findings) or 'consistent'}")  # noqa: T201
    bad = [
        f"{proof.batch_id}: {'; '.join(proof.findings)}"
        for proof in proofs
        if not proof.is_consistent
    ]
    if bad or unproved:
        raise StoreError("stores that cannot be reconciled: " + " | ".join([*bad, *unproved]))
    return {"proved": len(proofs), "repaired": sum(bool(p.repaired_shards) for p in proofs)}
